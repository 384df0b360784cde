-- Names for what pages of runs show: "state" is the query string of such a page. Those without an
-- experiment are of the runs of all: "owner" is 0 for these, so that their names are unique, too.
-- "version" counts the changes, so that nobody overwrites what another one changed unseen.
CREATE TABLE IF NOT EXISTS views (
    id            BIGINT AUTO_INCREMENT PRIMARY KEY,
    experiment_id BIGINT,
    owner         BIGINT AS (COALESCE(experiment_id, 0)) VIRTUAL,
    name          VARCHAR(512) NOT NULL,
    state         LONGTEXT NOT NULL,
    time_created  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    time_updated  DATETIME(6),
    version       BIGINT NOT NULL DEFAULT 1,
    UNIQUE (owner, name),
    FOREIGN KEY (experiment_id) REFERENCES experiments (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;
