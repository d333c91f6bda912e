// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench_tables.h"

#include "stopwatch.h"
#include "tables/table_factory.h"

#include <QFile>
#include <QTemporaryDir>

#include <cstdio>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace postern::bench {
namespace {

constexpr int kEntries = 1'000'000;
constexpr int kEach = 20'000; // look-ups a round

double residentOctets() {
#ifdef __GLIBC__
    ::malloc_trim(0); // what is freed counts no more
#endif
    QFile status(QStringLiteral("/proc/self/statm"));
    return status.open(QIODevice::ReadOnly) ? double(status.readAll().split(' ').value(1).toLongLong()) * 4096 : 0;
}

struct Kind {
    const char* name;
    tables::Service service;
    QByteArray (*key)(int number);  // as it is asked
    QByteArray (*line)(int number); // as it is written
};

QByteArray user(int number) {
    return "user" + QByteArray::number(number) + "@example.org";
}
QByteArray domain(int number) {
    return "domain" + QByteArray::number(number) + ".example";
}
QByteArray address(int number) {
    return "10." + QByteArray::number(number >> 16) + '.' + QByteArray::number(number >> 8 & 255) + '.' + QByteArray::number(number & 255);
}

const Kind kKinds[] = {
    {"virtual users", tables::Service::Alias, user, [](int n) { return user(n) + ' ' + "user" + QByteArray::number(n); }},
    {"domains", tables::Service::Domain, domain, domain},
    {"addresses of senders", tables::Service::Mailaddr, user, user},
    {"addresses of clients", tables::Service::Netaddr, address, address},
};

void measureKind(const Kind& kind, const QByteArray& path) {
    QFile file(QFile::decodeName(path));
    if (!file.open(QIODevice::WriteOnly)) {
        std::printf("  no room for the table\n");
        return;
    }
    for (int i = 0; i < kEntries; ++i)
        file.write(kind.line(i) + '\n');
    file.close();
    const auto files = makeDiskFileStore();
    const double before = residentOctets();
    tables::MadeTable made = tables::makeFileTable(*files, "big", path, '+');
    made.table->prepare(kind.service);
    std::printf("  %s: %.0f octets an entry (goal 150)\n", kind.name, (residentOctets() - before) / kEntries);
    measure("read, ready to be asked", 2000, 3, 1, [&] {
        made = tables::makeFileTable(*files, "big", path, '+');
        made.table->prepare(kind.service);
    });
    int number = 0, found = 0;
    measure("one look-up", 0.002, 9, kEach, [&] {
        for (int i = 0; i < kEach; ++i) {
            number = (number + 611'953) % kEntries; // all over the table
            made.table->lookup(kind.service, kind.key(number), [&found](const tables::LookupResult& result) { found += result.found; });
        }
    });
    if (found == 0 || found % kEach != 0)
        std::printf("  the sample finds wrongly\n");
}

} // namespace

void measureTables() {
    const QTemporaryDir folder;
    for (const Kind& kind : kKinds) {
        heading(QByteArray("A table file of 1 000 000 ") + kind.name);
        measureKind(kind, QFile::encodeName(folder.filePath(QStringLiteral("big"))));
    }
}

} // namespace postern::bench
