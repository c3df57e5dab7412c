"""Questions that the policy answers, and such as it does not, with what is fitted and measured on them."""
