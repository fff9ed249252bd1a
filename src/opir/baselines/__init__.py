"""Classical restoration methods to measure a model against: what one would otherwise reach for.

Start at :data:`opir.baselines.catalogue.BASELINES`. Every method is blind: its parameters are the library's documented
values, the paper's, or estimated from the picture itself; none was tuned on the pictures that are scored. Needs the
``benchmark`` extra where a library does the work, and that library only when a method is used.
"""
