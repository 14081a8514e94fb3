"""An interpreter of the q language on numpy, without files, sockets, clocks or system commands.

Read it in this order: ``types`` and ``values`` (what a value is), ``lexer`` and ``parser`` (text to trees,
which are values), ``variables`` and ``evaluate`` (trees to values), ``apply`` and ``adverbs`` (functions at
work), ``keywords`` (names to functions; each row says in which file its function stands), ``format`` (values
to console text), ``session`` (what users call).
"""
