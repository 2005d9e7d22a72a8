"""The domain: dataclasses and query functions. It knows nothing of HTTP."""
