import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """At the end of a grant to a million the database looked a million transfers up that the grant had just written."""

    dependencies = [
        ("ledger", "0003_unchecked_postings"),
    ]

    operations = [
        migrations.AlterField(
            model_name="lot",
            name="source",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lots",
                to="ledger.transfer",
            ),
        ),
    ]
