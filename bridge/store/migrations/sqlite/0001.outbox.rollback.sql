DROP TABLE pulse;
DROP TABLE dial;
DROP TABLE attempt;
DROP TABLE delivery;
DROP TABLE lane;
DROP TABLE event;
