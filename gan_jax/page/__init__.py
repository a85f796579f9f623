"""The page of `gan_jax.serve`: a trained run to try in a browser, by strangers too.

`handlers` are functions of a model and pictures, `views` make HTML of what they give, `layout` alone knows Gradio, and
`guard` stands before all of it: what it does not know does not get in.
"""
