// SPDX-License-Identifier: GPL-3.0-or-later
//
// The walk over the parts keeps its own stack of (start, end, depth) ranges, so that a message made of nested parts costs
// a bounded list and never the call stack.
#include "window/caught/mime_reader.h"

#include <algorithm>
#include <vector>

using namespace Qt::StringLiterals;

namespace postern::window::mime {
namespace {

struct Field {
    QByteArray name; // lower case
    QByteArray value; // unfolded
};

struct Block {
    QList<Field> fields;
    qsizetype bodyAt = 0;

    // The only one of that name; none if there are several.
    QByteArray only(const QByteArray& name) const { return count(name) == 1 ? value(name) : QByteArray(); }
    // Of all of that name, as a reader might join them.
    QByteArray every(const QByteArray& name) const {
        QByteArrayList values;
        for (const Field& field : fields) {
            if (field.name == name)
                values.append(field.value.trimmed());
        }
        return values.join(", ");
    }
    qsizetype count(const QByteArray& name) const {
        return std::count_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
    }

    QByteArray value(const QByteArray& name) const {
        for (const Field& field : fields) {
            if (field.name == name)
                return field.value;
        }
        return {};
    }
};

// The header block in [from, to); ends at the first empty line. Only the first kMostHeaders octets are looked at.
Block headersOf(const QByteArray& message, qsizetype from, qsizetype to) {
    Block block;
    qsizetype at = from;
    while (at < to) {
        qsizetype end = message.indexOf('\n', at);
        if (end < 0 || end > to)
            end = to;
        QByteArray line = message.mid(at, std::min<qsizetype>(end - at, 64 * 1024));
        if (line.endsWith('\r'))
            line.chop(1);
        at = std::min(end + 1, to);
        if (line.isEmpty())
            break;
        if (at - from > kMostHeaders)
            continue; // walk on to the body, remember no more
        if ((line.startsWith(' ') || line.startsWith('\t')) && !block.fields.isEmpty()) {
            block.fields.last().value += ' ' + line.trimmed();
            continue;
        }
        const qsizetype colon = line.indexOf(':');
        if (colon > 0)
            block.fields.append({line.left(colon).trimmed().toLower(), line.mid(colon + 1).trimmed()});
    }
    block.bodyAt = at;
    return block;
}

struct Range {
    qsizetype from, to;
    int depth;
};

bool isDelimiter(const QByteArray& message, qsizetype at, qsizetype to, const QByteArray& boundary, bool* isLast) {
    const qsizetype length = boundary.size() + 2;
    if (at + length > to || message.at(at) != '-' || message.at(at + 1) != '-' || message.mid(at + 2, boundary.size()) != boundary)
        return false;
    qsizetype i = at + length;
    *isLast = i + 1 < to && message.at(i) == '-' && message.at(i + 1) == '-';
    if (*isLast)
        i += 2;
    while (i < to && (message.at(i) == ' ' || message.at(i) == '\t' || message.at(i) == '\r'))
        ++i;
    return i >= to || message.at(i) == '\n';
}

// The parts between the boundary lines; a missing last boundary ends at the end.
QList<Range> partsOf(const QByteArray& message, qsizetype from, qsizetype to, const QByteArray& boundary, int depth) {
    QList<Range> parts;
    qsizetype start = -1;
    for (qsizetype at = from; at < to;) {
        bool isLast = false;
        qsizetype next = message.indexOf('\n', at);
        next = next < 0 || next >= to ? to : next + 1;
        if (isDelimiter(message, at, to, boundary, &isLast)) {
            if (start >= 0) {
                qsizetype end = at; // the line end before the boundary belongs to it
                if (end > start && message.at(end - 1) == '\n')
                    --end;
                if (end > start && message.at(end - 1) == '\r')
                    --end;
                parts.append({start, end, depth});
            }
            start = isLast ? -1 : next;
            if (isLast || parts.size() > kMostParts)
                return parts;
        }
        at = next;
    }
    if (start >= 0 && start < to)
        parts.append({start, to, depth});
    return parts;
}

QByteArray decoded(const QByteArray& body, const QByteArray& encoding) {
    const QByteArray how = encoding.trimmed().toLower();
    if (how == "base64")
        return fromBase64(body);
    if (how == "quoted-printable")
        return fromQuotedPrintable(body);
    return body;
}

void note(ReadMail& mail, MailNote what) {
    if (!mail.notes.contains(what))
        mail.notes.append(what);
}

} // namespace

ReadMail read(const QByteArray& message) {
    ReadMail mail;
    const Block top = headersOf(message, 0, message.size());
    mail.from = decodeWords(top.every("from"));
    mail.to = decodeWords(top.every("to"));
    mail.cc = decodeWords(top.every("cc"));
    mail.subject = decodeWords(top.every("subject"));
    mail.date = decodeWords(top.value("date"));
    for (const char* once : {"from", "sender", "to", "cc", "subject", "date"}) // RFC 5322 §3.6
        if (top.count(once) > 1)
            note(mail, MailNote::DoubledField);

    QString plain;
    QString html;
    bool hasPlain = false;
    bool hasHtml = false;
    int count = 0;
    std::vector<Range> open{{0, message.size(), 0}};
    while (!open.empty()) {
        const Range range = open.back();
        open.pop_back();
        if (++count > kMostParts) {
            note(mail, MailNote::TooManyParts);
            break;
        }
        const Block block = range.depth == 0 ? top : headersOf(message, range.from, range.to);
        for (const char* once : {"content-type", "content-transfer-encoding", "content-disposition"})
            if (block.count(once) > 1)
                note(mail, MailNote::DoubledField);
        const QByteArray typeField = block.only("content-type");
        QByteArray type = typeField.left(typeField.indexOf(';') < 0 ? typeField.size() : typeField.indexOf(';')).trimmed().toLower();
        if (!type.contains('/'))
            type = "text/plain"; // RFC 2045 §5.2
        const QByteArray disposition = block.only("content-disposition");
        if (type.startsWith("multipart/")) {
            const QByteArray boundary = parameter(typeField, "boundary").toUtf8();
            if (range.depth >= kMostDepth) {
                note(mail, MailNote::TooDeep);
                continue;
            }
            if (!boundary.isEmpty() && boundary.size() <= 200) {
                const auto parts = partsOf(message, block.bodyAt, range.to, boundary, range.depth + 1);
                for (qsizetype i = parts.size(); i-- > 0;) // the first is looked at first
                    open.push_back(parts.at(i));
                if (!parts.isEmpty())
                    continue;
            }
            type = "text/plain"; // no boundary found: show what is there
        }
        const QByteArray body = decoded(message.mid(block.bodyAt, range.to - block.bodyAt), block.only("content-transfer-encoding"));
        QString name = parameter(disposition, "filename");
        if (name.isEmpty())
            name = parameter(typeField, "name");
        const bool isAttached = disposition.trimmed().toLower().startsWith("attachment") || !name.isEmpty();
        const bool isText = type == "text/plain" || type == "text/html";
        if (isAttached || !isText) {
            mail.attachments.append({name, type, body});
            continue;
        }
        bool known = true;
        QString text = textOf(body.left(4 * kMostText), parameter(typeField, "charset").toLatin1(), &known);
        if (!known)
            note(mail, MailNote::UnknownCharset);
        if (type == "text/html") {
            hasHtml = true;
            html += (html.isEmpty() ? QString() : u"\n\n"_s) + text;
        } else {
            hasPlain = true;
            plain += (plain.isEmpty() ? QString() : u"\n\n"_s) + text;
        }
    }
    if (hasPlain && !(plain.trimmed().isEmpty() && hasHtml)) {
        mail.text = plain;
    } else if (hasHtml) {
        mail.text = plainFromHtml(html);
        note(mail, MailNote::FromHtml);
    }
    if (mail.text.size() > kMostText) {
        mail.text.truncate(kMostText);
        note(mail, MailNote::TextCut);
    }
    return mail;
}

} // namespace postern::window::mime
