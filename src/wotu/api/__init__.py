"""The REST API: the questions and services of the other rooms under ``/api/v1/``, for programs."""
