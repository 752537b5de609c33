"""Pictures of the sample shop's products: one drawer a kind of thing, on a small canvas made of shaded shapes."""
