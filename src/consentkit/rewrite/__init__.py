"""The streaming HTML rewriter: places consentkit's parts in a page and makes markup inert that consent doesn't allow."""
