-- Rows of a table, checked, and what the ledger and the archive keep of those that are valid.
-- Surrogate keys are made as infra.keys.keyed_digest makes them: HMAC-SHA-256 (RFC 2104) over `length:part` texts.
CREATE MACRO part(text) AS length(text) || ':' || text;
CREATE MACRO hmac(message) AS
    sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode(message))));
CREATE TEMP TABLE checked AS
    SELECT *, row_number() OVER () AS place, CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN coalesce(trim(external_id), '') = '' OR length(external_id) > {length} THEN '{schema}'
        WHEN coalesce(trim(reporter), '') = '' OR length(reporter) > {length} THEN '{schema}'
        WHEN source IS NULL OR source NOT IN ({sources}) OR received_at IS NULL THEN '{schema}'
        WHEN incident_type NOT IN ({types}) OR incidents < 1 THEN '{schema}'
        WHEN NOT list_has_all([{vectors}], coalesce(vectors, [])) THEN '{schema}'
        WHEN len(list_filter(countries, lambda each: NOT regexp_full_match(each, '[A-Z][A-Z0-9](:({roles}))?'))) > 0
            THEN '{schema}'
        WHEN len(list_filter(files, lambda each: NOT regexp_full_match(each, '({kinds}):([0-9a-f]{{32}})?'))) > 0
            THEN '{schema}'
        WHEN received_at < '{earliest}'::TIMESTAMPTZ OR received_at > now() + INTERVAL '{differ}' THEN '{dates}'
        WHEN incident_at < '{incident}'::TIMESTAMPTZ OR incident_at > received_at + INTERVAL '{differ}' THEN '{dates}'
    END AS reason FROM rows;
CREATE TEMP TABLE named AS
    SELECT reporter AS name, hmac('8:reporter' || chr(31) || part(reporter)) AS pseudonym
    FROM (SELECT DISTINCT reporter FROM checked WHERE reason IS NULL);
CREATE TEMP TABLE told AS
    SELECT place, external_id, reporter, source, received_at, incident_type, incident_at, escalated,
        coalesce(incidents, 1)::INTEGER AS incidents, list_sort(list_distinct(coalesce(vectors, []))) AS vectors,
        list_sort(list_distinct(list_filter(coalesce(countries, []), lambda each: each[:2] NOT IN ({nowhere})))) AS countries,
        coalesce(files, []) AS files, pseudonym
    FROM checked JOIN named ON name = reporter WHERE reason IS NULL;
CREATE TEMP TABLE identified AS
    SELECT *, hmac(
        '6:report' || chr(31) || part(reporter) || chr(31) || part(external_id) || chr(31) || '3:row' || chr(31) || part(
            concat_ws(chr(30), source, epoch_us(received_at), coalesce(incident_type, ''),
                coalesce(epoch_us(incident_at)::VARCHAR, ''), coalesce(escalated::VARCHAR, ''), incidents,
                array_to_string(vectors, ' '), array_to_string(countries, ' '), array_to_string(files, ' '))
        )
    ) AS id FROM told;
CREATE TEMP TABLE valid AS
    SELECT *, (row_number() OVER same)::INTEGER AS revision, lead(id) OVER same AS superseded_by
    FROM (SELECT * FROM identified QUALIFY row_number() OVER (PARTITION BY id ORDER BY place) = 1)
    WINDOW same AS (PARTITION BY pseudonym, external_id ORDER BY place);
CREATE TEMP VIEW report AS
    SELECT id, external_id, pseudonym AS reporter, revision, superseded_by, source, received_at, incident_type,
        incident_at, escalated, false AS batched, incidents, true AS archived
    FROM valid;
CREATE TEMP VIEW reporter AS SELECT DISTINCT pseudonym AS id, reporter AS name, false AS simulated FROM valid;
CREATE TEMP VIEW report_vector AS SELECT id AS report_id, unnest(vectors) AS vector FROM valid;
CREATE TEMP VIEW report_location AS
    SELECT id AS report_id, each[:2] AS country, CASE WHEN len(each) > 2 THEN each[4:] ELSE '{unstated}' END AS role
    FROM (SELECT id, unnest(countries) AS each FROM valid);
CREATE TEMP TABLE file AS
    SELECT id, received_at, source, ordinal, split_part(token, ':', 1) AS kind, nullif(split_part(token, ':', 2), '') AS md5
    FROM (
        SELECT id, received_at, source, unnest(files) AS token, (generate_subscripts(files, 1) - 1)::INTEGER AS ordinal
        FROM valid
    );
CREATE TEMP VIEW sighting AS
    SELECT id AS report_id, ordinal, ordinal::VARCHAR AS file_id, md5 AS claimed_md5, kind, '{not_sent}' AS fault FROM file;
CREATE TEMP VIEW archived_reports AS
    SELECT id AS report_id, received_at, source, incidents, len(files)::INTEGER AS files, vectors,
        list_sort(list_distinct(list_transform(countries, lambda each: each[:2]))) AS countries
    FROM valid;
CREATE TEMP VIEW archived_sightings AS
    SELECT id AS report_id, ordinal, received_at, kind,
        CASE WHEN md5 IS NOT NULL THEN hmac('3:md5' || chr(31) || '32:' || md5) END AS file, source
    FROM file;
