"""Words that several templates share, in the writing of `drafts.Template.slots`."""

PROJECTS = (
    "a side project, our internal dashboard, a school assignment, the back end of our app, my home server, "
    "a small web shop, a volunteer club, a weekend prototype, our intranet, a client's website, an office tool, "
    "a research group, a hotel's booking system, a young company, a town library, a sports club"
)

RECORDS = (
    "customers/customer, orders/order, invoices/invoice, patients/patient, students/student, members/member, "
    "bookings/booking, products/product, employees/employee, suppliers/supplier, tickets/ticket, recipes/recipe, "
    "books/book, songs/song, players/player, courses/course, devices/device, articles/article, projects/project, "
    "volunteers/volunteer, donors/donor, tenants/tenant, vehicles/vehicle, parcels/parcel, contracts/contract, "
    "visitors/visitor, lessons/lesson, plants/plant, movies/movie, events/event"
)
"""Rows of tables: plural, singular."""

FIELDS = "name, city, status, label, code, region, category, note"
"""Columns that every record can have."""

DOCUMENTS = (
    "reports/report, notes/note, letters/letter, manuals/manual, scans/scan, invoices/invoice, drafts/draft, "
    "essays/essay, recipes/recipe, receipts/receipt, transcripts/transcript, memos/memo, posters/poster, "
    "forms/form, contracts/contract, diagrams/diagram, worksheets/worksheet, chapters/chapter, photos/photo, "
    "recordings/recording, certificates/certificate, brochures/brochure, slides/slide, tables/table"
)
"""Files that people keep: plural, singular."""

PEOPLE = (
    "user, member, customer, student, teacher, employee, patient, visitor, player, author, editor, subscriber, "
    "volunteer, driver, tenant, guest"
)

PACKAGES = "shop, portal, office, backend, club, clinic, library, museum, school, studio"
"""Packages of somebody's own that hold an app and its models."""

FOLDERS = "srv, data, var, opt, mnt"
NAMES = "name, filename, title, file_name"
PATHS = "path, filename, target, destination"
SECONDS = "3, 5, 10, 15, 20, 30"
