// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/table_entry.h"

#include "config/edits/spelling.h"
#include "config/edits/statement_lines.h"
#include "config/views/table_view.h"

#include <algorithm>

namespace postern::config::edits {

namespace {

// One entry as it stands in the text.
struct Entry {
    QByteArray key;
    std::optional<QByteArray> value;
    Value keyToken, valueToken;
    Range range;
    friend bool operator==(const Entry& a, const Entry& b) { return a.key == b.key && a.value == b.value; }
};

struct Content {
    std::vector<Entry> entries;
    bool isMapping = false;
    Range range; // with the braces
};

Result<Content> contentOf(const DocumentPtr& document, size_t statement) {
    const auto view = TableView::from(document->statement(statement));
    if (!view)
        return refusal("this statement is no table");
    if (view->hasError())
        return refusal("a part of this table is not understood; mend it in the text first");
    const TableArgument* table = view->content();
    if (!table)
        return refusal("the entries of this table are not in this file");
    Content content;
    content.range = table->range;
    content.isMapping = table->form == TableArgument::Form::Mapping;
    for (const Value& item : table->items)
        content.entries.push_back({item.text, std::nullopt, item, {}, item.range});
    for (const TableArgument::Pair& pair : table->pairs)
        content.entries.push_back({pair.key.text, pair.value.text, pair.key, pair.value,
                                   {pair.key.range.offset, pair.value.range.end() - pair.key.range.offset}});
    if (document->bytes()[table->range.offset] == '$') // with its braces
        return comesFromMacro(*document, content.entries.empty() ? table->range : content.entries.front().keyToken.range);
    return content;
}

Result<void> isWritten(const DocumentPtr& document, const Entry& entry) {
    for (const Value& token : {entry.keyToken, entry.valueToken}) {
        if (token.fromMacro)
            return comesFromMacro(*document, token.range);
    }
    return {};
}

QByteArrayView between(const Document& document, qsizetype from, qsizetype to) {
    return QByteArrayView(document.bytes()).sliced(from, std::max(to - from, qsizetype(0)));
}

// A gap between two entries without its comments.
QByteArray withoutComments(QByteArrayView gap) {
    QByteArray out;
    bool inComment = false;
    for (const char c : gap) {
        if (c == '#')
            inComment = true;
        if (c == '\n' || (c == '\r' && inComment))
            inComment = c == '\r';
        if (!inComment || c == '\n' || c == '\r')
            out += c;
    }
    return out;
}

// What stands between key and value of the other entries: " = ", "=", " => ".
QByteArray assignment(const Document& document, const Content& content) {
    if (content.entries.empty())
        return document.dialect() == Dialect::Map2012 ? " => " : " = ";
    const Entry& last = content.entries.back();
    const QByteArrayView habit = between(document, last.keyToken.range.end(), last.valueToken.range.offset);
    const bool isPlain = std::all_of(habit.begin(), habit.end(), [](char c) { return c == ' ' || c == '\t' || c == '=' || c == '>'; });
    return isPlain ? habit.toByteArray() : QByteArray(habit.contains('>') ? " => " : " = ");
}

Result<QByteArray> writtenEntry(const Document& document, const Content& content, const TableEntry& entry) {
    if (!content.entries.empty() && content.isMapping != entry.value.has_value())
        return refusal(content.isMapping ? "this table has keys with values; give a value" : "this table is a list; its entries have no values");
    const auto habit = [&](const Value& token) { return quotingOf(between(document, token.range.offset, token.range.end())); };
    const bool hasModel = !content.entries.empty();
    const auto key = spelled(entry.key, document.dialect(), hasModel ? habit(content.entries.back().keyToken) : Quoting::AsNeeded);
    if (!key || !entry.value)
        return key;
    const auto value = spelled(*entry.value, document.dialect(), hasModel ? habit(content.entries.back().valueToken) : Quoting::AsNeeded);
    if (!value)
        return value;
    return *key + assignment(document, content) + *value;
}

Result<Edited> checked(const DocumentPtr& document, size_t statement, std::vector<tree::TextEdit> edits, const std::vector<Entry>& wanted) {
    Result<Edited> result = carriedOut(document, std::move(edits));
    if (!result)
        return result;
    if (result->document->statementCount() == document->statementCount()) {
        const Result<Content> now = contentOf(result->document, statement);
        if (now && now->entries == wanted)
            return result;
    }
    return refusal("written here, this would not be read as what was asked");
}

auto find(std::vector<Entry>& entries, const QByteArray& key) { // the last one counts
    const auto found = std::find_if(entries.rbegin(), entries.rend(), [&key](const Entry& one) { return one.key == key; });
    return found == entries.rend() ? entries.end() : std::prev(found.base());
}

Error notThere(const QByteArray& key) {
    return Error{ErrorCode::NotFound, "the table has no entry \"" + key + '"', Permanence::Permanent};
}

// The end of the line's comment behind `offset`, if nothing but blanks, a comma and that comment follows; else `offset`.
qsizetype behindComment(const Document& document, qsizetype offset, qsizetype limit) {
    const QByteArrayView rest = between(document, offset, limit);
    for (qsizetype i = 0; i < rest.size(); ++i) {
        if (rest[i] == '#') {
            qsizetype end = rest.indexOf('\n', i);
            end = end < 0 ? rest.size() : end;
            return offset + (end > 0 && rest[end - 1] == '\r' ? end - 1 : end);
        }
        if (rest[i] != ' ' && rest[i] != '\t' && rest[i] != ',')
            break;
    }
    return offset;
}

} // namespace

Result<Edited> addTableEntry(const DocumentPtr& document, size_t statement, const TableEntry& entry) {
    Result<Content> content = contentOf(document, statement);
    if (!content)
        return content.error();
    std::vector<Entry>& entries = content->entries;
    if (find(entries, entry.key) != entries.end())
        return Error{ErrorCode::Exists, "the table has an entry \"" + entry.key + "\" already", Permanence::Permanent};
    const auto text = writtenEntry(*document, *content, entry);
    if (!text)
        return text.error();
    std::vector<tree::TextEdit> edits;
    if (entries.empty()) {
        const qsizetype open = content->range.offset + 1;
        const bool isTight = content->range.length == 2;
        edits.push_back({{open, 0}, isTight ? ' ' + *text + ' ' : ' ' + *text});
    } else {
        const Entry& last = entries.back();
        const qsizetype close = content->range.end() - 1;
        QByteArray gap = ", ";
        const bool isOneMacro = entries.size() > 1 && entries[entries.size() - 2].range.end() > last.range.offset;
        if (entries.size() > 1 && !isOneMacro)
            gap = withoutComments(between(*document, entries[entries.size() - 2].range.end(), last.range.offset));
        else if (const QByteArray lead = withoutComments(between(*document, content->range.offset + 1, last.range.offset)); lead.contains('\n'))
            gap = ',' + lead;
        const qsizetype newline = gap.indexOf('\n');
        const qsizetype behind = newline < 0 ? last.range.end() : behindComment(*document, last.range.end(), close);
        if (behind == last.range.end()) {
            edits.push_back({{last.range.end(), 0}, gap + *text});
        } else { // the comment stays beside its entry
            const qsizetype comma = gap.indexOf(',');
            const QByteArray rest = newlineOf(*document) + gap.mid(gap.lastIndexOf('\n') + 1);
            if (comma >= 0)
                edits.push_back({{last.range.end(), 0}, ","});
            edits.push_back({{behind, 0}, rest + *text});
        }
    }
    std::vector<Entry> wanted = entries;
    wanted.push_back({entry.key, entry.value, {}, {}, {}});
    return checked(document, statement, std::move(edits), wanted);
}

Result<Edited> changeTableEntry(const DocumentPtr& document, size_t statement, const QByteArray& key, const TableEntry& entry) {
    Result<Content> content = contentOf(document, statement);
    if (!content)
        return content.error();
    std::vector<Entry>& entries = content->entries;
    const auto old = find(entries, key);
    if (old == entries.end())
        return notThere(key);
    if (key != entry.key && find(entries, entry.key) != entries.end())
        return Error{ErrorCode::Exists, "the table has an entry \"" + entry.key + "\" already", Permanence::Permanent};
    if (content->isMapping != entry.value.has_value())
        return refusal(content->isMapping ? "this table has keys with values; give a value" : "this table is a list; its entries have no values");
    if (const auto written = isWritten(document, *old); !written)
        return written.error();
    std::vector<tree::TextEdit> edits;
    const auto change = [&](const Value& token, const QByteArray& to) -> Result<void> {
        if (token.text == to)
            return {};
        const auto text = spelled(to, document->dialect(), quotingOf(between(*document, token.range.offset, token.range.end())));
        if (!text)
            return text.error();
        edits.push_back({token.range, *text});
        return {};
    };
    if (const auto done = change(old->keyToken, entry.key); !done)
        return done.error();
    if (entry.value) {
        if (const auto done = change(old->valueToken, *entry.value); !done)
            return done.error();
    }
    old->key = entry.key;
    old->value = entry.value;
    return checked(document, statement, std::move(edits), entries);
}

Result<Edited> removeTableEntry(const DocumentPtr& document, size_t statement, const QByteArray& key) {
    Result<Content> content = contentOf(document, statement);
    if (!content)
        return content.error();
    std::vector<Entry>& entries = content->entries;
    const auto old = find(entries, key);
    if (old == entries.end())
        return notThere(key);
    if (const auto written = isWritten(document, *old); !written)
        return written.error();
    if (entries.size() == 1)
        return refusal("this is the last entry, and a table without entries says nothing; remove the table");
    const auto index = size_t(old - entries.begin());
    const bool isLast = index + 1 == entries.size();
    const qsizetype before = index == 0 ? content->range.offset + 1 : entries[index - 1].range.end();
    const qsizetype after = isLast ? content->range.end() - 1 : entries[index + 1].range.offset;
    const QByteArrayView lead = between(*document, before, old->range.offset);
    const qsizetype behind = behindComment(*document, old->range.end(), after);
    const QByteArrayView tail = between(*document, old->range.end(), after);
    const bool ownLine = lead.contains('\n') && (tail.contains('\n') || isLast);
    std::vector<tree::TextEdit> edits;
    if (ownLine) { // the line goes, with the comment beside the entry; of the entry before only a comma that nothing follows
        qsizetype from = before + lead.lastIndexOf('\n');
        if (from > before && document->bytes()[from - 1] == '\r')
            --from;
        qsizetype to = behind;
        if (behind == old->range.end()) {
            while (to < after && QByteArrayView(", \t").contains(document->bytes()[to]) && tail.contains('\n'))
                ++to;
        }
        const qsizetype comma = isLast ? withoutComments(lead).indexOf(',') : -1;
        if (comma >= 0) {
            const qsizetype at = before + lead.indexOf(',');
            if (at >= from)
                from = std::min(from, at);
            else
                edits.push_back({{at, 1}, {}});
        }
        edits.push_back({{from, to - from}, {}});
    } else if (index > 0) {
        edits.push_back({{before, old->range.end() - before}, {}});
    } else {
        edits.push_back({{old->range.offset, after - old->range.offset}, {}});
    }
    entries.erase(old);
    return checked(document, statement, std::move(edits), entries);
}

} // namespace postern::config::edits
