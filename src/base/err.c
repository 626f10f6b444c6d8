#include "base/err.h"

#include "base/banned.h"

const char *err_text(enum err err)
{
    switch (err) {
    case ERR_NONE:
        return "no error";
    case ERR_SYNTAX:
        return "not well formed";
    case ERR_UTF8:
        return "not valid UTF-8";
    case ERR_NUL:
        return "contains a NUL character";
    case ERR_TOO_LONG:
        return "too long";
    case ERR_TOO_MANY:
        return "too many items";
    case ERR_TOO_DEEP:
        return "nested too deeply";
    case ERR_DUPLICATE:
        return "a name stands twice";
    case ERR_UNKNOWN:
        return "an unknown name";
    case ERR_IO:
        return "reading or writing failed";
    case ERR_SHORT:
        return "ended too early";
    }
    return "an unknown error";
}
