DROP TABLE dial_stop;
DROP INDEX dial_begun;
