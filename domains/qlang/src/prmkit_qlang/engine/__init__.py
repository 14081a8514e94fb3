"""An interpreter of the q language on numpy, without files, sockets, clocks or system commands.

Read it in this order: ``types`` and ``values`` (what a value is), ``lexer`` and ``parser`` (text to nodes),
``nodes`` (evaluation), ``verbs`` and the rooms of keywords, ``keywords`` (names to functions), ``format``
(values to console text), ``session`` (what users call).
"""
