"""Makes the database, with a user anna and one note, and serves: python3 serve.py PORT."""
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django  # noqa: E402
from django.core.management import call_command  # noqa: E402

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from notes.models import Note  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)
User.objects.create_superuser("anna", password="anna")
Note.objects.create(title="A day", text="First line\nSecond <line> & \"more\"")
call_command("runserver", f"127.0.0.1:{sys.argv[1]}", use_reloader=False)
