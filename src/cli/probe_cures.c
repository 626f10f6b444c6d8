#include <string.h>

#include "cli/probe_core.h"

#include "base/banned.h"

#define ETAG_APACHE "DeflateAlterETag NoChange\n# with mod_brotli: BrotliAlterETag NoChange"
#define ETAG_LIGHTTPD "# for the addresses of the API:\ndeflate.mimetypes = ()"
#define ETAG_NGINX "# for the addresses of the API; here, and in every proxy before it:\ngzip off;"

static const struct probe_cure cures[] = {
    {.name = "loses",
     .program = "Send a version with the form (a hidden updated_at or lock_version), and let the "
                "write ask for it: UPDATE … WHERE id = … AND updated_at = …; when no row was "
                "changed, answer 409 and show both texts. With PostgreSQL, pg409 does this for any "
                "table."},
    {.name = "coarse",
     .program =
         "Count versions (lock_version), or keep microseconds, and make each later than the one "
         "before: greatest(now(), updated_at + interval '1 microsecond')."},
    {.name = "text",
     .program = "Send the form back with what was typed in it, beside what is stored now."},
    {.name = "second-round",
     .program =
         "Let the conflict page carry the version that is stored now, and ask for it again when "
         "it is saved."},
    {.name = "optional", .program = "Refuse a write without a version: 428 Precondition Required."},
    {.name = "methods",
     .program = "Send POST with X-HTTP-Method-Override: PATCH (pg409 takes that, and _method in a "
                "form). Or let the methods through; with a host's firewall only the host can.",
     .apache =
         "<Location \"/\">\n"
         "  <LimitExcept GET HEAD POST PUT PATCH DELETE OPTIONS>\n"
         "    Require all denied\n"
         "  </LimitExcept>\n"
         "</Location>\n"
         "# instead of a narrower one, or of AllowMethods; with ModSecurity's core rules:\n"
         "# SecAction \"id:900200,phase:1,pass,nolog,setvar:'tx.allowed_methods=GET HEAD POST "
         "OPTIONS PUT PATCH DELETE'\"",
     .lighttpd = "$HTTP[\"request-method\"] !~ \"^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$\" {\n"
                 "  url.access-deny = ( \"\" )\n"
                 "}",
     .nginx = "limit_except GET HEAD POST PUT PATCH DELETE OPTIONS { deny all; }"},
    {.name = "body",
     .program =
         "Until then: shorter texts, and files in parts (pg409 takes tus uploads in parts of 96 "
         "KiB).",
     .apache = "# where it is mod_fcgid, whose default is 131072 bytes:\n"
               "FcgidMaxRequestLen 67108864\n"
               "LimitRequestBody 67108864",
     .lighttpd = "# KiB:\n"
                 "server.max-request-size = 65536",
     .nginx = "# the default is 1 MiB:\n"
              "client_max_body_size 64m;"},
    {.name = "errors",
     .apache = "# and no ErrorDocument for 409, 412, 422 and 428:\n"
               "ProxyErrorOverride Off",
     .lighttpd = "server.error-intercept = \"disable\"",
     .nginx = "fastcgi_intercept_errors off;\n"
              "proxy_intercept_errors off;"},
    {.name = "etag",
     .program = "pg409 undoes this; other programs may not.",
     .apache = ETAG_APACHE,
     .lighttpd = ETAG_LIGHTTPD,
     .nginx = ETAG_NGINX},
    {.name = "etag-refused",
     .program =
         "Or the application undoes it: W/ before, -gzip, -br or ;gzip at the end inside the "
         "quotes.",
     .apache = ETAG_APACHE,
     .lighttpd = ETAG_LIGHTTPD,
     .nginx = ETAG_NGINX},
    {.name = "etag-gone", .apache = ETAG_APACHE, .lighttpd = ETAG_LIGHTTPD, .nginx = ETAG_NGINX},
    {.name = "etag-weak",
     .program = "Make it strong where it is made; a proxy that packs may be what weakens it.",
     .nginx = ETAG_NGINX},
    {.name = "cache",
     .program = "Send Cache-Control: no-cache (or no-store) with every page that is edited.",
     .apache = "CacheDisable \"/\"",
     .lighttpd = "setenv.set-response-header = ( \"Cache-Control\" => \"no-cache\" )",
     .nginx = "proxy_cache off;\n"
              "fastcgi_cache off;"},
    {.name = "redirect",
     .program = "Let the form's address be the one that answers (https://…).",
     .apache = "# instead of R or R=301:\n"
               "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=308,L]",
     .lighttpd = "url.redirect-code = 308",
     .nginx = "# instead of 301:\n"
              "return 308 https://$host$request_uri;"},
    {.name = "authorization",
     .apache = "# mod_cgi, mod_proxy_fcgi; in .htaccess only the line inside:\n"
               "<Location \"/\">\n"
               "  CGIPassAuth On\n"
               "</Location>\n"
               "# mod_fcgid:\n"
               "FcgidPassHeader Authorization",
     .lighttpd = "# it is passed on; look whether mod_auth asks for another name",
     .nginx = "fastcgi_param HTTP_AUTHORIZATION $http_authorization;\n"
              "# for proxy_pass: proxy_set_header Authorization $http_authorization;"},
    {.name = "clock",
     .program = "On the server: timedatectl set-ntp true. Or it is this machine that is wrong: "
                "timedatectl status."},
    {.name = "future",
     .program =
         "A clock was wrong when it was written. Versions made from clocks that go back are not "
         "newer than this one: compare them with =, not with <."},
};

const struct probe_cure *probe_cure(const char *name)
{
    for (size_t i = 0; i < sizeof cures / sizeof *cures; i++)
        if (strcmp(cures[i].name, name) == 0)
            return &cures[i];
    return NULL;
}
