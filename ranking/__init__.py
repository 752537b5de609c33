"""A request becomes a typed query, candidates, features, scores and a page with reasons."""
