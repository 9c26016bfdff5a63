"""Reports: results in, text out. One module a format; nothing here prints or reads settings."""
