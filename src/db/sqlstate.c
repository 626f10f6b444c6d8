#include "db/sqlstate.h"

#include <string.h>

#include "base/banned.h"

const struct sqlstate_row sqlstate_rows[] = {
    {"", REASON_AWAY},            /* the connection died: libpq has no SQLSTATE to give */
    {"08???", REASON_AWAY},       /* connection exception */
    {"0A000", REASON_CATALOG},    /* cached plan must not change result type */
    {"22???", REASON_VALUE},      /* data exception */
    {"23001", REASON_REFERENCED}, /* restrict violation */
    {"23502", REASON_NOT_NULL},
    {"23503", REASON_DANGLING}, /* foreign key; which side is told by the table it names */
    {"23505", REASON_DUPLICATE},
    {"23514", REASON_CHECK},
    {"23P01", REASON_DUPLICATE}, /* exclusion */
    {"23???", REASON_CHECK},
    {"25006", REASON_READ_ONLY},
    {"26000", REASON_CATALOG}, /* a prepared statement was taken away */
    {"28???", REASON_AWAY},    /* our own login is refused: not the visitor's fault */
    {"3D000", REASON_AWAY},    /* the database does not exist */
    {"40001", REASON_CONTENTION},
    {"40P01", REASON_CONTENTION},
    {"42501", REASON_PRIVILEGE},
    {"42703", REASON_CATALOG}, /* undefined column */
    {"42804", REASON_CATALOG}, /* a column's type changed */
    {"42883", REASON_CATALOG},
    {"42P01", REASON_CATALOG}, /* undefined table */
    {"42P05", REASON_CATALOG}, /* a prepared statement of somebody else */
    {"428C9", REASON_CATALOG}, /* a column became generated */
    {"44000", REASON_CHECK},   /* WITH CHECK OPTION of a view */
    {"53???", REASON_FULL},
    {"54???", REASON_VALUE}, /* too much for a limit: json nested too deeply, an index entry */
    {"55P03", REASON_LOCKED},
    {"57014", REASON_TIMEOUT},
    {"57P??", REASON_AWAY}, /* shutting down, starting up */
    {"P0001", REASON_RAISED},
    {"PT4??", REASON_CUSTOM},
    {NULL, REASON_BUG},
};

static bool fits(const char *pattern, const char *sqlstate)
{
    size_t len = strlen(pattern);
    if (strlen(sqlstate) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (pattern[i] != '?' && pattern[i] != sqlstate[i])
            return false;
    return true;
}

enum reason sqlstate_reason(const char *sqlstate)
{
    const struct sqlstate_row *row = sqlstate_rows;
    while (row->pattern && !fits(row->pattern, sqlstate))
        row++;
    if (row->reason == REASON_CUSTOM && !sqlstate_custom(sqlstate))
        return REASON_BUG;
    return row->reason;
}

int sqlstate_custom(const char *sqlstate)
{
    bool digits = fits("PT4??", sqlstate) && sqlstate[3] >= '0' && sqlstate[3] <= '9' &&
                  sqlstate[4] >= '0' && sqlstate[4] <= '9';
    return digits ? 400 + (sqlstate[3] - '0') * 10 + (sqlstate[4] - '0') : 0;
}
