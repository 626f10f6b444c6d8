/*
 * The process: settings, connection, catalog, and the one place where a request
 * begins and ends. A driver, not a handler, is what waits for the database.
 */
#ifndef PG409_WEB_APP_H
#define PG409_WEB_APP_H

#include "db/pg.h"
#include "edit/catalog.h"
#include "web/config.h"
#include "web/metrics.h"
#include "web/work.h"
#include "wire/digest.h"

struct app {
    const struct route *routes;
    /* Shows a refusal in the form that was asked for; the status is set already. */
    void (*refuse)(struct work *work, struct refusal refusal);
    bool kept; /* the process serves many requests: prepared statements are worth their price */
    struct config config;
    struct pg *pg;
    struct catalog *catalog;
    uint64_t catalog_read; /* monotonic microseconds */
    char catalog_user[64]; /* whose privileges it shows, where user_role is on; no role is longer */
    struct random_pool random;
    struct metrics metrics;
    uint64_t idle_since;
    uint64_t swept;   /* when what is too old was last swept out, monotonic microseconds */
    struct work work; /* the one request at hand */
};

void app_init(struct app *app, const struct route *routes,
              void (*refuse)(struct work *work, struct refusal refusal), bool kept);
void app_release(struct app *app);

/* Serves one request from beginning to end. */
void app_serve(struct app *app, struct gateway *gateway);

/* Nothing came for a while: drops the database connection when it was idle long enough. */
void app_idle(struct app *app);

/* Monotonic microseconds. */
uint64_t app_now(void);

#endif
