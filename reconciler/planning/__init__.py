"""From responses to observed tables, from differences to ordered, permitted steps. Pure."""
