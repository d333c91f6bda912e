// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/mime_scan.h"

#include <QByteArrayList>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

constexpr qsizetype kKeptOfLine = 2048; // a boundary has at most 70 characters, a field that matters hardly more
constexpr qsizetype kKeptOfField = 4096;

bool hasHighBit(QByteArrayView text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return uchar(c) >= 0x80; });
}

bool isName(QByteArrayView text, QByteArrayView name) {
    return text.compare(name, Qt::CaseInsensitive) == 0;
}

// A structured field's value without its comments.
QByteArray withoutComments(QByteArrayView value) {
    QByteArray out;
    int depth = 0;
    bool quoted = false;
    for (qsizetype i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c == '\\' && i + 1 < value.size() && (quoted || depth > 0)) {
            if (depth == 0)
                out.append(c).append(value[i + 1]);
            ++i;
        } else if (quoted || (depth == 0 && c != '(')) {
            quoted = c == '"' ? !quoted : quoted;
            out += c;
        } else {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        }
    }
    return out;
}

struct ContentType {
    QByteArray type, subtype; // lower case
    QByteArray boundary;
};

std::optional<ContentType> parseType(QByteArrayView raw) {
    const QByteArray value = withoutComments(raw);
    ContentType out;
    QByteArrayList pieces(1);
    bool quoted = false;
    for (qsizetype i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c == ';' && !quoted) {
            pieces.append(QByteArray());
            continue;
        }
        if (c == '"')
            quoted = !quoted;
        if (c == '\\' && quoted && i + 1 < value.size())
            pieces.last() += value[i++];
        pieces.last() += value[i];
    }
    const QByteArray name = pieces.takeFirst().trimmed().toLower();
    const qsizetype slash = name.indexOf('/');
    if (slash <= 0 || slash + 1 == name.size())
        return std::nullopt;
    out.type = name.left(slash).trimmed();
    out.subtype = name.mid(slash + 1).trimmed();
    for (const QByteArray& piece : pieces) {
        const qsizetype equals = piece.indexOf('=');
        if (equals < 0 || !isName(piece.left(equals).trimmed(), "boundary"))
            continue;
        QByteArray boundary = piece.mid(equals + 1).trimmed();
        if (boundary.startsWith('"') && boundary.size() >= 2)
            boundary = boundary.mid(1, boundary.size() - 2).replace("\\", "");
        if (!out.boundary.isEmpty() && out.boundary != boundary)
            return std::nullopt; // two of them: nobody knows which one counts
        out.boundary = boundary;
    }
    return out;
}

} // namespace

void MimeScan::feed(QByteArrayView content) {
    while (!content.isEmpty()) {
        const void* hit = std::memchr(content.data(), '\n', size_t(content.size()));
        const qsizetype length = hit ? static_cast<const char*>(hit) - content.data() + 1 : content.size();
        const QByteArrayView piece = content.first(length);
        content = content.sliced(length);
        m_lineEightBit = m_lineEightBit || hasHighBit(piece);
        const bool whole = hit && m_partial.isEmpty() && m_lineFrom == m_at;
        m_at += length;
        if (!whole)
            m_partial.append(piece.first(std::clamp<qsizetype>(kKeptOfLine - m_partial.size(), 0, piece.size())));
        if (!hit)
            return;
        line(whole ? piece : QByteArrayView(m_partial), m_lineFrom, m_at, m_lineEightBit);
        m_partial.clear();
        m_lineFrom = m_at;
        m_lineEightBit = false;
    }
}

SevenBitPlan MimeScan::finish() {
    if (m_lineFrom < m_at)
        line(m_partial, m_lineFrom, m_at, m_lineEightBit);
    if (m_place == Place::Header)
        endOfHeader(m_at, m_at);
    closeLeaf(m_at);
    if (m_plan.headerNeedsUtf8)
        refuse("there are octets beyond ASCII in a header field");
    if (!m_plan.refusal.isEmpty())
        m_plan.edits.clear();
    return std::move(m_plan);
}

void MimeScan::line(QByteArrayView start, qint64 from, qint64 end, bool eightBit) {
    if (start.endsWith('\n'))
        start.chop(1);
    if (start.endsWith('\r'))
        start.chop(1);
    if (isBoundary(start, from))
        return;
    switch (m_place) {
    case Place::Header:
        if (start.isEmpty()) {
            endOfHeader(from, end);
            return;
        }
        m_plan.headerNeedsUtf8 = m_plan.headerNeedsUtf8 || eightBit;
        headerLine(start, from, end);
        return;
    case Place::Leaf:
        m_entity.eightBit = m_entity.eightBit || eightBit;
        return;
    case Place::Opaque:
        if (eightBit)
            refuse(m_opaqueWhy);
        return;
    }
}

void MimeScan::headerLine(QByteArrayView text, qint64 from, qint64 end) {
    m_headerEnd = end;
    if (text.front() == ' ' || text.front() == '\t') {
        if (QByteArray* field = fieldText())
            field->append(text.first(std::clamp<qsizetype>(kKeptOfField - field->size(), 0, text.size())));
        if (m_field == Field::Coding)
            m_entity.codingTo = end;
        return;
    }
    m_field = Field::Other;
    const qsizetype colon = text.indexOf(':');
    if (colon <= 0)
        return;
    const QByteArrayView name = text.first(colon).trimmed();
    const QByteArrayView value = text.sliced(colon + 1);
    if (isName(name, "Content-Type")) {
        if (std::exchange(m_entity.hasType, true))
            refuse("a header has two Content-Type fields");
        m_field = Field::Type;
    } else if (isName(name, "Content-Transfer-Encoding")) {
        if (m_entity.codingFrom >= 0)
            refuse("a header has two Content-Transfer-Encoding fields");
        m_field = Field::Coding;
        m_entity.codingFrom = from;
        m_entity.codingTo = end;
    } else if (isName(name, "MIME-Version")) {
        m_entity.hasMimeVersion = true;
    } else if (isName(name, "DKIM-Signature") && m_entity.isTop) {
        refuse("it carries a DKIM-Signature, which a change would break");
    }
    if (QByteArray* field = fieldText())
        *field = value.first(std::min(value.size(), kKeptOfField)).toByteArray();
}

QByteArray* MimeScan::fieldText() {
    switch (m_field) {
    case Field::Other: return nullptr;
    case Field::Type: return &m_entity.type;
    case Field::Coding: return &m_entity.coding;
    }
    return nullptr;
}

void MimeScan::opaque(const char* why) {
    m_place = Place::Opaque;
    m_opaqueWhy = why;
}

// at: where the empty line begins, or the end of the message.
void MimeScan::endOfHeader(qint64 at, qint64 bodyFrom) {
    m_headerEnd = at;
    m_entity.bodyFrom = bodyFrom;
    const QByteArray coding = withoutComments(m_entity.coding).trimmed().toLower();
    const bool raw = coding.isEmpty() || coding == "7bit"_ba || coding == "8bit"_ba || coding == "binary"_ba;
    const bool labelled = coding == "8bit"_ba || coding == "binary"_ba;
    const bool mime = !m_entity.isMessage || m_entity.hasMimeVersion;
    ContentType type{m_entity.inDigest ? "message"_ba : "text"_ba, m_entity.inDigest ? "rfc822"_ba : "plain"_ba, {}};
    if (m_entity.hasType && mime) {
        const auto parsed = parseType(m_entity.type);
        if (!parsed)
            return opaque("a Content-Type field cannot be read");
        type = *parsed;
    }
    const bool deep = m_frames.size() + m_messages >= kMaxDepth;
    if (type.type == "multipart"_ba) {
        if (type.subtype == "signed"_ba)
            return opaque("it is signed (multipart/signed), and a change would break that");
        if (!raw || type.boundary.isEmpty() || type.boundary.size() > 200)
            return opaque("a multipart has no boundary that can be used");
        if (deep)
            return opaque("its parts are nested too deeply");
        if (labelled)
            relabel("7bit"_ba);
        m_frames.push_back({type.boundary, type.subtype == "digest"_ba, m_messages});
        return opaque("there are octets beyond ASCII between the parts of a multipart");
    }
    if (type.type == "message"_ba) {
        const bool whole = type.subtype == "rfc822"_ba || type.subtype == "global"_ba;
        if (!whole || !raw)
            return opaque("a part of type message cannot be coded");
        if (deep)
            return opaque("its parts are nested too deeply");
        if (labelled)
            relabel("7bit"_ba);
        ++m_messages;
        return beginEntity(true, false);
    }
    if (!raw)
        return opaque("a part is not what its Content-Transfer-Encoding says");
    m_entity.text = type.type == "text"_ba;
    m_place = Place::Leaf;
}

void MimeScan::relabel(const QByteArray& coding) {
    edit({m_entity.codingFrom, m_entity.codingTo, SevenBitPlan::Code::Replace,
          "Content-Transfer-Encoding: " + coding + "\r\n"});
}

void MimeScan::closeLeaf(qint64 end) {
    if (m_place != Place::Leaf)
        return;
    m_place = Place::Opaque;
    m_opaqueWhy = "there are octets beyond ASCII behind a part";
    const QByteArray coding = withoutComments(m_entity.coding).trimmed().toLower();
    if (!m_entity.eightBit) {
        if (coding == "8bit"_ba || coding == "binary"_ba)
            relabel("7bit"_ba);
        return;
    }
    const QByteArray name = m_entity.text ? "quoted-printable"_ba : "base64"_ba;
    QByteArray more;
    if (m_entity.isMessage && !m_entity.hasMimeVersion) { // before MIME; what the octets mean was never said
        if (m_entity.hasType)
            return refuse("it has a Content-Type but no MIME-Version");
        more = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n";
    }
    if (m_entity.codingFrom >= 0)
        relabel(name);
    else
        more += "Content-Transfer-Encoding: " + name + "\r\n";
    if (!more.isEmpty())
        edit({m_headerEnd, m_headerEnd, SevenBitPlan::Code::Replace, more});
    edit({m_entity.bodyFrom, std::max(end, m_entity.bodyFrom),
          m_entity.text ? SevenBitPlan::Code::QuotedPrintable : SevenBitPlan::Code::Base64, {}});
}

bool MimeScan::isBoundary(QByteArrayView start, qint64 from) {
    if (m_frames.empty() || !start.startsWith("--"))
        return false;
    for (size_t i = m_frames.size(); i-- > 0;) {
        const QByteArray& boundary = m_frames[i].boundary;
        QByteArrayView rest = start.sliced(2);
        if (!rest.startsWith(boundary))
            continue;
        rest = rest.sliced(boundary.size());
        const bool last = rest.startsWith("--");
        if (last)
            rest = rest.sliced(2);
        if (!rest.trimmed().isEmpty())
            continue;
        if (m_place == Place::Header) // a header without its empty line, and without a body
            m_place = Place::Opaque;
        closeLeaf(from - 2); // the line end in front belongs to the boundary
        m_messages = m_frames[i].messages;
        m_frames.resize(last ? i : i + 1);
        if (last)
            opaque("there are octets beyond ASCII behind the last part of a multipart");
        else
            beginEntity(false, m_frames.back().digest);
        return true;
    }
    return false;
}

void MimeScan::beginEntity(bool isMessage, bool inDigest) {
    m_entity = Entity();
    m_entity.isMessage = isMessage;
    m_entity.inDigest = inDigest;
    m_place = Place::Header;
    m_field = Field::Other;
}

void MimeScan::edit(SevenBitPlan::Edit one) {
    if (m_plan.edits.size() >= kMaxEdits)
        refuse("it has too many parts");
    else
        m_plan.edits.push_back(std::move(one));
}

void MimeScan::refuse(const char* why) {
    if (m_plan.refusal.isEmpty())
        m_plan.refusal = why;
}

} // namespace postern::smtp
