"""The HTTP service: pictures in, restored pictures out, on this computer unless told otherwise.

Needs the extra ``server``. The modules are layered: numbers and errors, then reading a request (gate, body, options,
decoding in a child process), doing the work (work, jobs, answers), and on top the routes, the application and the
process that runs it.
"""
