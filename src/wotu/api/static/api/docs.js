// Shows the API's description with Swagger UI, which comes with the server: nothing is fetched from elsewhere.
(function () {
  "use strict";
  var place = document.getElementById("description");
  window.SwaggerUIBundle({
    url: place.dataset.address,
    domNode: place,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: function (request) {
      // Whoever is signed in may try what changes something, too.
      request.headers["X-CSRFToken"] = place.dataset.csrf;
      return request;
    },
  });
})();
