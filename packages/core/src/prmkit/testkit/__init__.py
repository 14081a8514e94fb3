"""What tests of prmkit and of its domains are made of.

``conformance`` judges a domain plug-in, ``strategies`` draws records, ``fakes`` are parts of
known behaviour, ``checkpoints`` are tiny models in the shape of public ones, ``words`` builds
tokenizers, ``template`` writes a new domain.
"""
