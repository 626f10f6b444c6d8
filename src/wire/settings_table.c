#include "wire/settings.h"

#include "base/banned.h"

#define AT(member) offsetof(struct settings, member)
#define KIB ((uint64_t)1024)
#define SECOND ((uint64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* clang-format off */
const struct option settings_options[] = {
    {"database", OPTION_TEXT, "", NULL, 0, 0, AT(database),
     "How to reach PostgreSQL: a libpq connection string such as \"host=localhost dbname=shop "
     "user=web\", or a postgresql:// address. When empty, libpq's own environment variables "
     "(PGHOST, PGDATABASE and so on) count."},
    {"schema", OPTION_TEXT, "public", NULL, 0, 0, AT(schema),
     "The schema whose tables can be edited."},
    {"title", OPTION_TEXT, "pg409", NULL, 0, 0, AT(title),
     "The name that stands at the top of every page."},
    {"version_columns", OPTION_TEXT, "updated_at, modified_at, lock_version, version", NULL, 0, 0,
     AT(version_columns),
     "Names of columns that tell one state of a row from the next, separated by commas. The first "
     "one that a table has as a timestamp or an integer is its version."},
    {"user_columns", OPTION_TEXT, "updated_by, modified_by", NULL, 0, 0, AT(user_columns),
     "Names of columns that hold who changed a row last, separated by commas. The first one that "
     "a table has is shown when an edit conflicts."},
    {"origins", OPTION_TEXT, "", NULL, 0, 0, AT(origins),
     "Further web sites whose forms and scripts may write here, separated by commas, each like "
     "https://www.example.org. The site that pg409 itself runs on is always allowed."},
    {"anonymous", OPTION_CHOICE, "read", "deny|read|write", 0, 0, AT(anonymous),
     "What somebody may do whom the web server has not asked to log in."},
    {"allow_overwrite", OPTION_SWITCH, "off", NULL, 0, 0, AT(allow_overwrite),
     "Whether a client may ask, with the version *, to write over whatever is stored now. Each "
     "such write is logged."},
    {"user_role", OPTION_SWITCH, "off", NULL, 0, 0, AT(user_role),
     "Whether each request takes on the database role that bears the name of the logged-in user, "
     "so that the grants and row policies of that role count."},
    {"page_rows", OPTION_NUMBER, "50", NULL, 1, 1000, AT(page_rows),
     "How many rows a page of a table shows to people."},
    {"max_rows", OPTION_NUMBER, "0", NULL, 0, 1000000000, AT(max_rows),
     "The most rows that one API request gets. 0 means no limit."},
    {"max_body", OPTION_SIZE, "8M", NULL, KIB, KIB * KIB * KIB, AT(max_body),
     "The largest form or JSON body that is read. The web server may have a lower limit of its "
     "own."},
    {"max_fields", OPTION_NUMBER, "2000", NULL, 1, 100000, AT(max_fields),
     "The most fields in one form, and members in one JSON object."},
    {"max_rows_in", OPTION_NUMBER, "10000", NULL, 1, 1000000, AT(max_rows_in),
     "The most rows that one API request may create."},
    {"max_changes", OPTION_NUMBER, "100", NULL, 1, 10000, AT(max_changes),
     "The most changes that one request to /_batch may hold."},
    {"lock_timeout", OPTION_TIME, "2s", NULL, 0, 10 * MINUTE, AT(lock_timeout),
     "How long a save waits for a row that another transaction holds, before it is answered as a "
     "conflict. 0 means as long as it takes."},
    {"statement_timeout", OPTION_TIME, "30s", NULL, 0, HOUR, AT(statement_timeout),
     "How long one statement in the database may run. 0 means as long as it takes."},
    {"connect_timeout", OPTION_TIME, "5s", NULL, SECOND, 5 * MINUTE, AT(connect_timeout),
     "How long to wait for a connection to the database."},
    {"idle_timeout", OPTION_TIME, "60s", NULL, 0, 24 * HOUR, AT(idle_timeout),
     "After how long without a request the connection to the database is closed, so that many "
     "idle processes do not use up all its connections. 0 means never."},
    {"catalog_age", OPTION_TIME, "10s", NULL, SECOND, 24 * HOUR, AT(catalog_age),
     "How long the list of tables and columns is trusted before it is read again. An unknown name "
     "makes it read at once in any case."},
    {"receipt_days", OPTION_NUMBER, "7", NULL, 1, 3650, AT(receipt_days),
     "For how many days it is kept who saved which version. Receipts tell a repeated save from a "
     "conflict."},
    {"park_days", OPTION_NUMBER, "30", NULL, 1, 3650, AT(park_days),
     "For how many days an edit that could not be saved is kept for whoever typed it."},
    {"history_days", OPTION_NUMBER, "3650", NULL, 1, 36500, AT(history_days),
     "For how many days the earlier versions of rows are kept, in tables whose history is kept."},
    {"opened_minutes", OPTION_NUMBER, "30", NULL, 0, 1440, AT(opened_minutes),
     "For how many minutes the form of a row says who else has opened it. 0 says nothing and notes "
     "nothing."},
    {"park_size", OPTION_SIZE, "64M", NULL, KIB, KIB * KIB * KIB, AT(park_size),
     "How much room such edits may take in all, as they are stored. Beyond it the oldest go, those "
     "that are resolved first."},
    {"files", OPTION_SWITCH, "on", NULL, 0, 0, AT(files),
     "Whether files can be uploaded and downloaded, where the schema pg409 is installed."},
    {"file_names", OPTION_CHOICE, "folded", "folded|exact", 0, 0, AT(file_names),
     "Whether names of files that differ only in case, or in how Unicode writes them, are one name "
     "(folded), or only the latter (exact)."},
    {"file_max_bytes", OPTION_SIZE, "4G", NULL, KIB, KIB * KIB * KIB * KIB, AT(file_max_bytes),
     "The largest file that may be uploaded. The web server may have a lower limit of its own for "
     "one request."},
    {"file_total_bytes", OPTION_SIZE, "0", NULL, 0, KIB * KIB * KIB * KIB * KIB,
     AT(file_total_bytes),
     "How much room all files may take together, earlier versions and uploads under way included. "
     "0 means no limit."},
    {"file_keep_days", OPTION_NUMBER, "30", NULL, 0, 36500, AT(file_keep_days),
     "For how many days it is kept what a file was before it was replaced or deleted, so that this "
     "can be undone."},
    {"upload_days", OPTION_NUMBER, "3", NULL, 1, 365, AT(upload_days),
     "For how many days an upload that was interrupted can be taken up again."},
    {"auto_merge", OPTION_CHOICE, "off", "off|columns|text", 0, 0, AT(auto_merge),
     "Whether a save that met somebody else's is merged and saved at once when nothing clashes: "
     "when different columns were changed, or also when different places of one text were. The "
     "answer says what was merged, and it can be undone. Off always asks."},
    {"prepare", OPTION_CHOICE, "auto", "auto|off", 0, 0, AT(prepare),
     "Whether to use named prepared statements, which are faster. Auto uses them unless a "
     "connection pooler is found on the way; off never does."},
    {"metrics", OPTION_CHOICE, "login", "off|login|open", 0, 0, AT(metrics),
     "Whether requests are counted for /_metrics, and who may read the counts: who is logged in, or "
     "everybody. Off counts nothing."},
    {"metrics_tables", OPTION_SWITCH, "off", NULL, 0, 0, AT(metrics_tables),
     "Whether /_metrics also tells tables apart, by name. Whoever may read it then learns the names "
     "of all tables that are used."},
    {"metrics_file", OPTION_TEXT, "", NULL, 0, 0, AT(metrics_file),
     "The file in which all processes count together. When empty, one in /dev/shm or /tmp whose "
     "name is made from the user and the path of the settings file."},
    {.name = NULL},
};
/* clang-format on */
