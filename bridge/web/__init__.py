"""What comes in: WSGI applications under waitress."""
