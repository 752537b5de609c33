"""The HTTP edge: the native /v1 API and the storefront page."""
