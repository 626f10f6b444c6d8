from django.contrib import admin
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=200)
    text = models.TextField()
    public = models.BooleanField(default=True)
    kind = models.CharField(max_length=1, choices=[("a", "one"), ("b", "other")], default="b")
    updated_at = models.DateTimeField(auto_now=True)


admin.site.register(Note)
