"""The Master page's parts: the chain's stages, their pictures and figures, and what is heard of them."""
