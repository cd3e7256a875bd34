"use strict";

// Relative to /docs, so that it also works behind a proxy that adds a prefix.
window.ui = SwaggerUIBundle({
  url: "v1/openapi.json",
  dom_id: "#reference",
  validatorUrl: null,
  queryConfigEnabled: false,
  persistAuthorization: false,
  withCredentials: false,
  showExtensions: true,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
