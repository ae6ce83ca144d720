DROP TABLE listening;
DROP TABLE record;
DROP TABLE caller;
