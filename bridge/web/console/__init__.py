"""The console: what an operator sees of the bridge and does to it, in a browser.

::

    app              who asks for what, and whether that one may (`routes` is the table of pages)
    visit, answers   a request and an answer, as small values; the headers that keep a browser safe
    entering         users, sessions, the token of a form; `passwords` hashes
    roads            what the pages need of the rest of the bridge, which wiring supplies
    pages/           one module for each page
    look, words      how a page shows numbers and times; English for the Russian of the templates
    templates/, static/
"""

PREFIX = "/console/"
HOME = PREFIX.rstrip("/")
