"""The command line ``opir``: one file per command, which only parses, calls the library and prints.

Modules here import the library inside their functions, so that ``opir --help`` answers at once.
"""
