#include "web/problem.h"

#include "wire/json.h"

#include "base/banned.h"

const struct problem problems[] = {
    {"stale", REASON_STALE, 409, "This row was changed after you opened it",
     "Somebody saved the row between the moment you opened it and the moment you pressed Save. "
     "Saving yours unseen would have wiped out their change, so nothing was saved.",
     "Look at both changes, choose for each place where they clash, and save the result.",
     "read the row again, redo the change on it, send its new version", false},
    {"deleted", REASON_DELETED, 409, "This row was deleted after you opened it",
     "The row you edited is not there any more, so there was nothing to save into.",
     "Create it again with your text, save your text as a new row, or let it go.",
     "the row is gone; create it again if it is still wanted", false},
    {"version-required", REASON_VERSION_REQUIRED, 428,
     "This change does not say what it is based on",
     "Every change has to name the version of the row that it was made on. Without it, somebody "
     "else's work could be overwritten unseen.",
     "Open the row, look at what is there now, and save from there.",
     "send If-Match, _version or the version column with the value that was read", false},
    {"overwrite", REASON_OVERWRITE, 403, "Overwriting whatever is there is switched off",
     "The change asked to overwrite the row whatever it holds now.",
     "Open the row and save from there, or ask who runs this site to set allow_overwrite.",
     "send the version that was read; '*' needs the setting allow_overwrite", false},
    {"no-row", REASON_NO_ROW, 404, "There is no such row",
     "No row with this key can be found. It may have been deleted, or the address has a slip.",
     "Go back to the table and look for it there.", "check the key", false},
    {"no-edit", REASON_NONE, 404, "There is no such unfinished edit",
     "It may belong to somebody else, or it is older than this site keeps them.",
     "Look at the list of your unfinished edits on the first page.",
     "check the code, and who is logged in", false},
    {"no-history", REASON_NONE, 404, "No history is kept of this table",
     "Nobody has asked for one, so there are no earlier versions to look at.",
     "Whoever owns the database can begin one: "
     "SELECT pg409.protect('the table', history => true).",
     "pg409.protect(..., history => true) begins one", false},
    {"no-version", REASON_NONE, 404, "There is no such version",
     "It may be older than this site keeps them, or it belongs to another row.",
     "Go back to the row and look for it among its earlier versions.",
     "check the number of the revision", false},
    {"exists", REASON_EXISTS, 412, "A row with this key exists already",
     "The request was to create the row only if it is not there yet.",
     "Open the row that is there and change it.", "read the row and send its version", false},
    {"key-reused", REASON_KEY_REUSED, 422, "This key was used for something else",
     "The same Idempotency-Key came before with another content, so it is not a repeat.",
     "Use a new key for a new row.", "send a new Idempotency-Key", false},
    {"trigger", REASON_TRIGGER, 403, "A rule of the database kept the row as it was",
     "A trigger on this table decided that the change is not made.",
     "Ask who looks after the database which rule that is.",
     "a BEFORE trigger returned NULL; the same request will be refused again", false},
    {"row-security", REASON_ROW_SECURITY, 403, "This row is not yours to change",
     "The rules of the database (row level security) do not allow you this row or this change.",
     "Ask who looks after the database for access.",
     "a row level security policy hides the row or forbids the change", false},
    {"duplicate", REASON_DUPLICATE, 409, "Another row has this value already",
     "A value that may stand only once in the table is taken by another row.",
     "Choose another value, or open the row that has it.",
     "a unique or exclusion constraint is violated: change the value", false},
    {"referenced", REASON_REFERENCED, 409, "Other rows still refer to this one",
     "The row cannot go, or change its key, while other rows refer to it.",
     "Change or delete the rows that refer to it first.",
     "delete or change the referring rows first", false},
    {"dangling", REASON_DANGLING, 409, "The row this one refers to is not there",
     "A field names a row of another table, and there is no such row: it may have been deleted.",
     "Choose one that exists, or create it first.", "create the row referred to first", false},
    {"locked", REASON_LOCKED, 409, "Somebody is saving this row right now",
     "Another program or person holds the row at this moment. Nothing was saved.",
     "Wait a few seconds and save again.", "send the same request again after Retry-After", true},
    {"contention", REASON_CONTENTION, 409, "Too many people are saving this row at once",
     "The change was tried several times and each time another one came first.",
     "Wait a few seconds and save again.", "send the same request again after Retry-After", true},
    {"check", REASON_CHECK, 422, "A rule of the table does not allow these values",
     "The table has a rule that says which values fit together, and these break it.",
     "Change the values and save again.", "a CHECK constraint is violated: change the values",
     false},
    {"not-null", REASON_NOT_NULL, 422, "A field that has to be filled is empty",
     "The table demands a value in this field.", "Fill in the field and save again.",
     "give the column a value", false},
    {"value", REASON_VALUE, 422, "A value cannot be read",
     "A field holds something that its type cannot take: letters in a number, a date that does "
     "not exist, a text that is too long.",
     "Correct the field and save again.", "correct the value", false},
    {"privilege", REASON_PRIVILEGE, 403, "This is not allowed here",
     "The database user of this site may not do that.",
     "Ask who looks after the database for the privilege.", "the database user lacks a privilege",
     false},
    {"raised", REASON_RAISED, 422, "The database refused the change",
     "A function of the database checked the change and refused it with the message above.",
     "Do what the message says and save again.", "see the detail", false},
    {"custom", REASON_CUSTOM, 409, "The database refused the change",
     "A function of the database checked the change and refused it with the message above.",
     "Do what the message says and save again.", "see the detail", false},
    {"away", REASON_AWAY, 503, "The database cannot be reached",
     "The database is not running, is just starting, or does not let this site in.",
     "Wait a minute and try again.", "send the same request again after Retry-After", true},
    {"unsure", REASON_UNSURE, 503, "It is not known whether this was saved",
     "The connection to the database broke while the new row was being saved, and nothing tells "
     "whether it was made. It was not made twice, so there is one such row or none.",
     "Look into the table first. Only when the row is not there, save again.",
     "look for the row before you send it again; with an Idempotency-Key, and pg409's schema "
     "installed, the same create can be sent again safely",
     false},
    {"full", REASON_FULL, 503, "The database has no room at the moment",
     "It is out of connections, memory or disk space.", "Wait a minute and try again.",
     "send the same request again after Retry-After", true},
    {"read-only", REASON_READ_ONLY, 503, "The database takes no changes at the moment",
     "It is a copy for reading only, or is being looked after.", "Wait a minute and try again.",
     "send the same request again after Retry-After", true},
    {"timeout", REASON_TIMEOUT, 504, "The database took too long",
     "The work was stopped because it took longer than this site allows.",
     "Try again, or ask for less at once.", "ask for less, or later", true},
    {"tables-changed", REASON_CATALOG, 503, "The tables are being changed right now",
     "A table or column changed while the request was on its way.",
     "Wait a few seconds and try again.", "send the same request again after Retry-After", true},
    {"bug", REASON_BUG, 500, "Something went wrong in pg409",
     "This should not happen. The error log has the details under the request's id.",
     "Tell who runs this site.", "report it with the request id", false},
    {"file-exists", REASON_NONE, 409, "A file of this name is there already",
     "Somebody uploaded a file of this name before. Writing yours over it unseen would have wiped "
     "it out, so it stands as it was.",
     "Save yours under another name, or look at the other one and replace exactly that.",
     "save it under another name, or send If-Match with the version that is there to replace it",
     false},
    {"file-stale", REASON_NONE, 409, "This file was replaced after you looked at it",
     "Somebody uploaded a newer one in between. Nothing of theirs was overwritten.",
     "Look at the newer one. Then replace exactly that, or save yours under another name.",
     "look at the file again and send its new version", false},
    {"file-deleted", REASON_NONE, 409, "This file was deleted after you looked at it",
     "The file that was to be changed is not there any more.",
     "Save yours as a new file, or let it go.",
     "the file is gone; create it anew if it is still "
     "wanted",
     false},
    {"no-file", REASON_NONE, 404, "There is no such file",
     "No file has this name. It may have been deleted or renamed, or the address has a slip.",
     "Go to the list of files and look for it there.", "check the name", false},
    {"no-upload", REASON_NONE, 404, "There is no such upload",
     "It may belong to somebody else, it was finished or thrown away, or it is older than this "
     "site keeps them.",
     "Begin the upload again.", "create a new upload", false},
    {"no-files", REASON_NONE, 404, "Files are not kept here",
     "This site keeps no files: they are switched off, or the schema pg409 is not installed in its "
     "database.",
     "Tell who runs this site if you need them.",
     "load schema/pg409.sql, call pg409.grant_to() for the role, and see the setting files", false},
    {"no-chosen-file", REASON_NONE, 422, "No file was chosen",
     "The form came without a file, so there was nothing to store.",
     "Choose a file first, then press the button.", "send a part with a filename", false},
    {"file-name", REASON_NONE, 422, "A file cannot have this name",
     "Names have 1 to 255 bytes, no slash, no control characters and no dot in front.",
     "Choose another name and upload it again.", "choose another name", false},
    {"file-too-large", REASON_NONE, 413, "This file is too large",
     "It is larger than this site allows. Nothing of it was stored.",
     "Make it smaller, or ask who runs this site to raise the limit.", "send a smaller file",
     false},
    {"files-full", REASON_NONE, 507, "There is no room for this file",
     "The room for files on this site is used up. Nothing of the file was stored.",
     "Delete files that nobody needs, or ask who runs this site for more room.",
     "there is no room; delete files, or raise file_total_bytes", false},
    {"checksum", REASON_NONE, 460, "Some bytes arrived changed",
     "What arrived is not what was sent: its checksum is another. It was not stored.",
     "Send it again.", "send the same part again", true},
    {"upload-offset", REASON_NONE, 409, "The upload is at another place",
     "The part that was sent does not begin where the upload stands.",
     "Ask where it stands and go on from there.", "HEAD gives Upload-Offset: go on from there",
     false},
    {"tus-version", REASON_NONE, 412, "This version of tus is not spoken here",
     "Uploads in parts follow tus 1.0.0 here.", "Use a client that speaks tus 1.0.0.",
     "send Tus-Resumable: 1.0.0", false},
    {"malformed", REASON_NONE, 400, "The request is not well formed",
     "A part of the request does not follow its rules; nothing was done.",
     "Go back and try again; if it stays so, tell who runs this site.", "correct the request",
     false},
    {"unknown-name", REASON_NONE, 400, "The request names something unknown",
     "A column, operator or parameter of that name does not exist.", "Check the address.",
     "correct the name", false},
    {"batch", REASON_NONE, 409, "Nothing was saved: some of these changes do not fit any more",
     "Several changes were sent together, to be made all or none, and some of them cannot be made.",
     "Look at each of the changes that are named, mend them, and send all of them again.",
     "mend the changes that are listed and send the whole batch again", false},
    {"merge-duplicates", REASON_NONE, 422, "Writing over what is there is not done unseen",
     "The request asked to create rows and, where one is there already, to write over it. Nobody "
     "would have seen what was there, so nothing was done.",
     "Open the row that is there and change it.",
     "read the row and PATCH it with its version; create with POST or PUT and If-None-Match: *; "
     "resolution=ignore-duplicates leaves what is there",
     false},
    {"cut-short", REASON_NONE, 400, "The request arrived incomplete",
     "The connection broke before everything had arrived, so nothing was saved.",
     "Go back and save again.", "send the request again, whole", true},
    {"versions-differ", REASON_NONE, 400, "Two different versions were given",
     "The request names the version it is based on twice, and the two disagree.",
     "Open the row and save from there.", "give one version", false},
    {"bad-version", REASON_NONE, 400, "The version cannot be read",
     "A version is what was read with the row, sent back unchanged: for a time, year-month-day "
     "with hours, seconds and the offset from UTC.",
     "Open the row and save from there.", "send the version exactly as it was read", false},
    {"mixed-form", REASON_NONE, 409, "This form is a mixture of two versions",
     "The browser put together parts of an older and a newer page, so it cannot be told what was "
     "changed. Nothing was saved.",
     "Open the row again; copy what you typed from here if you still need it.",
     "send _form as it was given with the version and base", false},
    {"unresolved", REASON_NONE, 422, "A choice is still missing",
     "For each place that clashes, one of the texts has to be chosen.",
     "Choose for the fields that are marked and save again.", "send a choice for each clash",
     false},
    {"foreign-origin", REASON_NONE, 403, "This came from another site",
     "The form was sent from a page that does not belong to this site. To protect you, nothing was "
     "saved.",
     "If you typed this yourself, look it over here and save it. If not, leave this page.",
     "send it from a page of the same origin, or list the origin in the setting origins", false},
    {"login-required", REASON_NONE, 403, "You are not logged in",
     "Only people who are logged in may do this.",
     "Log in, in another window if you like; then try again.", "authenticate to the web server",
     false},
    {"no-table", REASON_NONE, 404, "There is no such table",
     "No table of this name can be seen here.", "Go to the list of tables.", "check the name",
     false},
    {"no-key", REASON_NONE, 404, "This table has no primary key",
     "Without a primary key nobody can say which row is meant, so pg409 does not edit it.",
     "Ask who looks after the database to add a primary key.", "add a primary key", false},
    {"not-found", REASON_NONE, 404, "There is nothing at this address",
     "The address may have a slip.", "Go to the list of tables.", "check the address", false},
    {"method", REASON_NONE, 405, "This address does not do that",
     "The address exists, but not for this kind of request.", "Go to the list of tables.",
     "see the Allow field", false},
    {"not-acceptable", REASON_NONE, 406, "None of the formats asked for is there",
     "The program asked for a format that this address does not have.",
     "Open the address in a browser.", "ask for application/json", false},
    {"not-one-row", REASON_NONE, 406, "Not exactly one row fits",
     "The request asked for one row, and none or several fit what it asked for.",
     "Ask for a list, or name the row by its key.",
     "leave out the one-object media type, or filter by the key", false},
    {"range", REASON_NONE, 416, "The list has no such part",
     "The part of the list that was asked for begins behind its end.",
     "Go back to the beginning of the list.", "ask for an earlier part", false},
    {"length-required", REASON_NONE, 411, "The request does not say how long it is",
     "It was sent in pieces without a length, and behind this web server nobody could tell whether "
     "all of them arrived. Nothing was saved.",
     "Send the form again from its page.", "send Content-Length instead of a chunked body", false},
    {"too-large", REASON_NONE, 413, "That is too much at once",
     "The request is larger than this site allows. Nothing was saved.",
     "Make it smaller, or ask who runs this site to raise the limit.", "send less", false},
    {"too-long", REASON_NONE, 414, "The address is too long", "No address here is that long.",
     "Go to the list of tables.", "shorten the address", false},
    {"media-type", REASON_NONE, 415, "This kind of content is not understood",
     "Forms and JSON are understood here.", "Send the form again from its page.",
     "send application/json, application/merge-patch+json or a form", false},
    {"settings", REASON_NONE, 503, "The settings of this site have a slip",
     "The settings file could not be read; the error log says where the slip is.",
     "Tell who runs this site.", "correct the settings file", true},
    {NULL, REASON_BUG, 500, "", "", "", "", false},
};

const struct problem *problem_named(struct str name)
{
    for (const struct problem *problem = problems; problem->name; problem++)
        if (str_is(name, problem->name))
            return problem;
    return NULL;
}

bool problem_of_files(const struct problem *problem)
{
    static const char *const others[] = {"no-upload", "no-chosen-file", "checksum", "upload-offset",
                                         "tus-version"};
    struct str name = str_from(problem->name);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (str_is(name, others[i]))
            return true;
    return str_starts(name, STR("file")) || str_starts(name, STR("no-file"));
}

const struct problem *problem_for(enum reason reason)
{
    const struct problem *problem = problems;
    while (problem->name && problem->reason != reason)
        problem++;
    return problem->name && reason != REASON_NONE ? problem : problem_named(STR("bug"));
}

int problem_status(const struct outcome *outcome, bool strict)
{
    enum reason reason = outcome->reason;
    if (strict && (reason == REASON_STALE || reason == REASON_DELETED || reason == REASON_NO_ROW))
        return 412;
    if (reason == REASON_CUSTOM)
        return sqlstate_custom(outcome->error.sqlstate);
    return problem_for(reason)->status;
}

/* What PostgREST's clients look for by its own code. */
static struct str code_of(const struct problem *problem)
{
    static const struct {
        const char *name, *code;
    } codes[] = {{"not-one-row", "PGRST116"}, {"range", "PGRST103"}, {"no-table", "PGRST205"}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_is(str_from(problem->name), codes[i].name))
            return str_from(codes[i].code);
    return str_from(problem->name);
}

void problem_members(struct buf *out, const struct problem *problem, struct str detail,
                     struct str sqlstate)
{
    json_name(out, "code");
    json_string(out, sqlstate.len ? sqlstate : code_of(problem));
    json_name(out, "message");
    json_string(out, str_from(problem->title));
    json_name(out, "details");
    json_string(out, detail);
    json_name(out, "hint");
    json_string(out, str_from(problem->how));
}
