"""The streaming HTML rewriter: places consentkit's parts in a page, and makes inert what consent does not allow."""
