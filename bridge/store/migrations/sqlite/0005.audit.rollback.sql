DROP TABLE passage;
DROP TABLE audit;
