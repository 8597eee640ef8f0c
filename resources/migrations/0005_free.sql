-- Kept free: the next number was given first.

ANALYZE setting
;;
