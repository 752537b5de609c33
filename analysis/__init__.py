"""What words and pictures become: the text analyser and the vector encoders."""
