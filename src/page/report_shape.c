#include "page/report_shape.h"

#include "base/banned.h"

const struct shape report_shapes[] = {
    {REPORT_DAYS,
     2,
     "Day by day",
     {{CELL_TEXT, "Day", "day"},
      {CELL_NUMBER, "Conflicts", "conflicts"},
      {CELL_NUMBER, "Merged at once", "merged"}}},
    {REPORT_HOURS,
     1,
     "By the hour (UTC)",
     {{CELL_HOUR, "Hour", "hour"}, {CELL_NUMBER, "Conflicts", "conflicts"}}},
    {REPORT_TABLES,
     0,
     "Where",
     {{CELL_TABLE, "Table", "table"},
      {CELL_NUMBER, "Conflicts", "conflicts"},
      {CELL_NUMBER, "Lately", "recent_conflicts"},
      {CELL_NUMBER, "Saves lately", "recent_saves"},
      {CELL_NUMBER, "Of different columns", "different_columns"}}},
    {REPORT_COLUMNS,
     0,
     "In which columns",
     {{CELL_TABLE, "Table", "table"},
      {CELL_TEXT, "Column", "column"},
      {CELL_NUMBER, "Both changed it", "both"},
      {CELL_NUMBER, "Only who was stopped", "only_refused"},
      {CELL_NUMBER, "Only who was first", "only_first"}}},
    {REPORT_PAIRS,
     0,
     "Which columns meet",
     {{CELL_TABLE, "Table", "table"},
      {CELL_TEXT, "Changed by who was stopped", "refused_column"},
      {CELL_TEXT, "Changed by who was first", "first_column"},
      {CELL_NUMBER, "Conflicts", "conflicts"}}},
    {REPORT_ROWS,
     0,
     "Which rows",
     {{CELL_TABLE, "Table", "table"},
      {CELL_KEY, "Row", "key"},
      {CELL_NUMBER, "Conflicts", "conflicts"},
      {CELL_WHEN, "The last one", "last_at"}}},
    {REPORT_PEOPLE,
     0,
     "Between whom",
     {{CELL_PERSON, "Who", "user"},
      {CELL_NUMBER, "Was stopped", "refused"},
      {CELL_NUMBER, "Was first", "first"}}},
    {REPORT_ENDS,
     0,
     "What became of them",
     {{CELL_END, "End", "end"},
      {CELL_NUMBER, "Conflicts", "conflicts"},
      {CELL_SECONDS, "Half of them within", "median_seconds"}}},
    {REPORT_REASONS,
     0,
     "Stopped for another reason",
     {{CELL_TEXT, "Reason", "reason"}, {CELL_NUMBER, "Changes", "changes"}}},
    {.title = NULL},
};

const struct shape *report_shape(struct str name)
{
    for (const struct shape *shape = report_shapes; shape->title; shape++)
        if (str_is(name, report_name(shape->group)))
            return shape;
    return NULL;
}

struct str report_end_words(struct str end)
{
    static const struct {
        const char *end, *words;
    } known[] = {
        {"merged", "Merged at once"},
        {"saved", "Looked at and saved"},
        {"yours", "Saved as it was typed"},
        {"theirs", "Left as it was"},
        {"edited", "Written anew"},
        {"mixed", "Some of both"},
        {"dropped", "Thrown away"},
        {"open", "Not finished yet"},
        {"abandoned", "Left unfinished for more than a day"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is(end, known[i].end))
            return str_from(known[i].words);
    return end;
}
