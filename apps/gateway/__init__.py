"""The gateway: the receiving side of the CyberTipline reporting protocol, over HTTP."""
