"""One file per page: it reads the request, asks the workspace, and hands plain data to a template."""
