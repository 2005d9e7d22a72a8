# ruff: noqa: D101, D103, D106  # a model, its Meta and a view say what they are to whoever knows the framework
"""The product page in Django: its ORM, its templates, psycopg 3 with Django's own pool.

As a team writes it: models with `select_related`, no query more than the page needs.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

PAGE_SIZE = 50
OTHERS = 6

database = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="for measuring on the loopback",  # noqa: S106  # it protects nothing
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(database.path.removeprefix("/")),
            "USER": database.username,
            "HOST": parse_qs(database.query)["host"][0],
            "OPTIONS": {"pool": {"min_size": 10, "max_size": 10}},
        }
    },
    INSTALLED_APPS=["django.contrib.humanize", "bench.peers"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).with_name("templates")],
        }
    ],
    USE_TZ=True,
    TIME_ZONE="UTC",
)
django.setup()


class Brand(models.Model):
    brand_id = models.BigIntegerField(primary_key=True)
    brand_name = models.TextField()

    class Meta:
        app_label, managed, db_table = "peers", False, "brand"


class Product(models.Model):
    product_id = models.BigIntegerField(primary_key=True)
    product_name = models.TextField()
    brand = models.ForeignKey(Brand, models.PROTECT)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.BigIntegerField()

    class Meta:
        app_label, managed, db_table = "peers", False, "product"


class ProductCount(models.Model):
    product = models.OneToOneField(
        Product, models.CASCADE, primary_key=True, related_name="counted"
    )
    sku_count = models.BigIntegerField()

    class Meta:
        app_label, managed, db_table = "peers", False, "product_count"


class ProductColor(models.Model):
    product_color_id = models.SmallIntegerField(primary_key=True)
    product_color_name = models.TextField()

    class Meta:
        app_label, managed, db_table = "peers", False, "product_color"


class ProductSize(models.Model):
    product_size_id = models.SmallIntegerField(primary_key=True)
    product_size_name = models.TextField()

    class Meta:
        app_label, managed, db_table = "peers", False, "product_size"


class Sku(models.Model):
    sku_id = models.BigIntegerField(primary_key=True)
    product = models.ForeignKey(Product, models.PROTECT)
    product_color = models.ForeignKey(ProductColor, models.PROTECT)
    product_size = models.ForeignKey(ProductSize, models.PROTECT)

    class Meta:
        app_label, managed, db_table = "peers", False, "sku"


class ProductVariantCount(models.Model):
    product = models.OneToOneField(Product, models.CASCADE, primary_key=True)
    product_color = models.ForeignKey(ProductColor, models.CASCADE)
    product_size = models.ForeignKey(ProductSize, models.CASCADE)
    sku_count = models.BigIntegerField()

    class Meta:
        app_label, managed, db_table = "peers", False, "product_variant_count"


def show_product(request: HttpRequest, product_id: int) -> HttpResponse:
    products = Product.objects.select_related("brand", "counted")
    try:
        product = products.get(pk=product_id)
    except Product.DoesNotExist:
        raise Http404 from None
    skus = list(
        Sku.objects.filter(product_id=product_id)
        .select_related("product_color", "product_size")
        .order_by("product_id", "sku_id")[: PAGE_SIZE + 1]
    )
    siblings = Product.objects.filter(brand_id=product.brand_id).select_related("counted")
    others = list(siblings.filter(pk__gt=product_id).order_by("pk")[:OTHERS])
    if len(others) < OTHERS:
        earlier = siblings.filter(pk__lt=product_id).order_by("pk")
        others += earlier[: OTHERS - len(others)]
    return render(
        request,
        "product.html",
        {
            "product": product,
            "skus": skus[:PAGE_SIZE],
            "next_after": skus[PAGE_SIZE - 1].pk if len(skus) > PAGE_SIZE else None,
            "others": others,
            "changed": when(product.changed_at),
            "created": when(product.created_at),
            **variants(product_id),
        },
    )


def variants(product_id: int) -> dict[str, object]:
    """Return the rows of the table of SKUs by color and size, with its sums."""
    counted = ProductVariantCount.objects.filter(product_id=product_id)
    counts = {(c.product_color_id, c.product_size_id): c.sku_count for c in counted}
    colors = ProductColor.objects.order_by("pk")
    sizes = list(ProductSize.objects.order_by("pk"))
    rows = [
        {
            "color": color,
            "cells": [(size, counts.get((color.pk, size.pk), 0)) for size in sizes],
            "total": sum(counts.get((color.pk, size.pk), 0) for size in sizes),
        }
        for color in colors
    ]
    sums = [(s, sum(row["cells"][n][1] for row in rows)) for n, s in enumerate(sizes)]
    return {"sizes": sizes, "rows": rows, "sums": sums, "total": sum(counts.values())}


def when(then: datetime) -> dict[str, str]:
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    ago = "just now"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            ago = f"{seconds // length:,} {unit} ago"
            break
    return {"iso": then.isoformat(), "moment": f"{then:%Y-%m-%d %H:%M:%S UTC}", "ago": ago}


def elsewhere(_request: HttpRequest, **_parts: object) -> HttpResponse:
    """Stand for the pages that this one links to."""
    raise Http404


urlpatterns = [
    path("", elsewhere, name="overview"),
    path("brands", elsewhere, name="brands"),
    path("brands/<int:brand_id>", elsewhere, name="brand"),
    path("products", elsewhere, name="products"),
    path("products/<int:product_id>", show_product, name="product"),
    path("skus", elsewhere, name="skus"),
    path("skus.csv", elsewhere, name="skus_csv"),
    path("skus.ndjson", elsewhere, name="skus_ndjson"),
    path("static/<path:filename>", elsewhere, name="static"),
]
application = get_wsgi_application()
