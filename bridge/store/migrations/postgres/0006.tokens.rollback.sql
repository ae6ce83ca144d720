DROP TABLE infobase_token;
