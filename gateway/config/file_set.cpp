// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads depth first: the parser of one file calls back at each include and goes on when the included text is read, so
// macros flow as in a daemon. The call depth is bounded by kMostDepth.
#include "config/file_set.h"

#include "config/lexer.h"
#include "config/views/include_view.h"

#include <QHash>

#include <algorithm>
#include <utility>

namespace postern::config {

namespace {

// As a name to recognise a file by: folder parts "." and ".." resolved, as far as text can tell.
QByteArray cleaned(const QByteArray& path) {
    QByteArrayList parts;
    const bool absolute = path.startsWith('/');
    for (const QByteArray& part : path.split('/')) {
        if (part.isEmpty() || part == ".")
            continue;
        if (part == ".." && !parts.isEmpty() && parts.last() != "..")
            parts.removeLast();
        else if (part != ".." || !absolute)
            parts.append(part);
    }
    return (absolute ? "/" : "") + parts.join('/');
}

bool isAbsolute(const QByteArray& path) {
    return path.startsWith('/') || (path.size() > 2 && path[1] == ':' && (path[2] == '/' || path[2] == '\\'));
}

// As a shell would see it.
bool isPattern(const QByteArray& path) {
    const qsizetype open = path.indexOf('[');
    return path.contains('*') || path.contains('?') || (open >= 0 && path.indexOf(']', open) > open);
}

QByteArray besides(const QByteArray& includer, const QByteArray& path) {
    const qsizetype slash = includer.lastIndexOf('/');
    return isAbsolute(path) || slash < 0 ? path : includer.first(slash + 1) + path;
}

} // namespace

class FileSet::Reader {
  public:
    Reader(FileStore& files, const FileSetOptions& options) : m_files(files), m_options(options) {}

    FileSet run(const QByteArray& path, const QByteArray& text) {
        for (const auto& [name, value] : m_options.macros)
            m_macros.defineFixed(name, lexMacroValue(value, m_options.dialect.value_or(Dialect::Modern)));
        m_set.m_options = m_options;
        m_bytes = text.size();
        m_fallback = m_options.dialect;
        const bool mayInclude = text.contains("include"); // else the file's own parse finds out, and nobody asks before
        if (!m_fallback && mayInclude)
            m_fallback = detectDialect(text);
        if (!m_fallback && mayInclude && m_options.followIncludes)
            m_fallback = askIncluded(path, text);
        document(path, text);
        m_set.m_expanded = m_macros.spent();
        return std::move(m_set);
    }

  private:
    // A file of nothing but includes takes the dialect of the first included file that has one.
    std::optional<Dialect> askIncluded(const QByteArray& path, const QByteArray& text) {
        const DocumentPtr first = Document::parse(path, text, {});
        for (size_t i = 0; i < first->statementCount(); ++i) {
            const auto include = IncludeView::from(first->statement(i));
            if (!include || !include->path())
                continue;
            const QByteArray name = besides(path, include->path()->text);
            const auto size = m_files.size(name);
            if (!size || *size > kMostBytesPerFile)
                continue;
            if (const auto bytes = m_files.read(name, 0, -1)) {
                if (const auto dialect = detectDialect(*bytes))
                    return dialect;
            }
        }
        return std::nullopt;
    }

    // Its index in the set. Pieces are written as includes are met; the rest of the file when it is read.
    void document(const QByteArray& path, const QByteArray& text) {
        const size_t index = m_set.m_documents.size();
        m_set.m_documents.push_back(nullptr);
        m_open.append(cleaned(path));
        ++m_count;

        struct Include {
            Range range;
            size_t piecesFrom, piecesTo; // what it brought in
        };
        std::vector<Include> includes;
        std::vector<std::pair<Range, QByteArray>> complaints;
        std::vector<Piece> inner; // pieces of included files, in order
        const auto onInclude = [&](const Value& value, MacroTable&) {
            const size_t from = inner.size();
            if (m_options.followIncludes) {
                std::vector<Piece> outer = std::move(m_set.m_pieces);
                m_set.m_pieces.clear();
                const QByteArray problem = include(path, value.text);
                inner.insert(inner.end(), m_set.m_pieces.begin(), m_set.m_pieces.end());
                m_set.m_pieces = std::move(outer);
                if (!problem.isEmpty())
                    complaints.emplace_back(value.range, problem);
            }
            includes.push_back({value.range, from, inner.size()});
        };
        ParseOptions options;
        options.dialect = m_options.dialect;
        options.fallback = m_fallback.value_or(Dialect::Modern);
        const DocumentPtr made = Document::parse(path, text, options, m_macros, onInclude);
        m_set.m_documents[index] = made;
        if (!m_fallback)
            m_fallback = made->dialect();

        size_t done = 0;
        const size_t count = made->statementCount();
        for (const Include& entry : includes) {
            if (entry.piecesFrom == entry.piecesTo)
                continue;
            const size_t behind = made->statementBehind(entry.range.offset);
            m_set.m_pieces.push_back({index, done, behind});
            m_set.m_pieces.insert(m_set.m_pieces.end(), inner.begin() + std::ptrdiff_t(entry.piecesFrom),
                                  inner.begin() + std::ptrdiff_t(entry.piecesTo));
            done = behind;
        }
        m_set.m_pieces.push_back({index, done, count});
        for (auto& [range, text_] : complaints)
            m_set.m_includeDiagnostics.push_back(made->diagnosticAt(Severity::Error, range, std::move(text_)));
        const bool isOld = made->dialect() != Dialect::Modern;
        if (index > 0 && made->dialectWasDetected() && m_fallback && isOld != (*m_fallback != Dialect::Modern))
            m_set.m_includeDiagnostics.push_back(made->diagnosticAt(
                Severity::Error, {}, "this file is written in " + describe(made->dialect()).toByteArray() +
                                         ", the one that includes it in " + describe(*m_fallback).toByteArray()));
        m_open.removeLast();
    }

    // Reads one include; what is wrong with it, or "".
    QByteArray include(const QByteArray& includer, const QByteArray& written) {
        const QByteArray path = besides(includer, written);
        if (m_open.contains(cleaned(path)))
            return '"' + path + "\" includes itself; the second time is left out";
        if (m_open.size() >= kMostDepth)
            return "includes are nested more than " + QByteArray::number(kMostDepth) + " deep; this one is left out";
        if (m_count >= kMostFiles && std::exchange(m_saidTooMany, true))
            return {};
        if (m_count >= kMostFiles)
            return "more than " + QByteArray::number(kMostFiles) + " files are included; this one and all after it are left out";
        const Result<qint64> size = m_files.size(path);
        if (!size && size.error().code == ErrorCode::NotFound && isPattern(written))
            return "there is no file \"" + path + "\": an include takes one path, and *, ? and [ ] in it stand for themselves (in "
                   "OpenSMTPD too); write an include for each file";
        if (!size)
            return size.error().text;
        if (*size > kMostBytesPerFile || m_bytes + *size > kMostBytesPerSet)
            return '"' + path + "\" is too large to be a configuration (" + QByteArray::number(*size) + " bytes)";
        const Result<QByteArray> bytes = m_files.read(path, 0, kMostBytesPerFile);
        if (!bytes)
            return bytes.error().text;
        m_bytes += bytes->size();
        document(path, *bytes);
        return {};
    }

    FileStore& m_files;
    const FileSetOptions& m_options;
    FileSet m_set;
    MacroTable m_macros;
    std::optional<Dialect> m_fallback;
    QByteArrayList m_open; // files being read, outermost first
    int m_count = 0;
    bool m_saidTooMany = false;
    qint64 m_bytes = 0;
};

Result<FileSet> FileSet::read(FileStore& files, const QByteArray& path, const FileSetOptions& options) {
    const Result<qint64> size = files.size(path);
    if (!size)
        return size.error();
    if (*size > kMostBytesPerFile)
        return Error{ErrorCode::Invalid,
                     path + " is too large to be a configuration: " + QByteArray::number(*size) + " bytes, at most " +
                         QByteArray::number(kMostBytesPerFile) + "; put long lists into tables",
                     Permanence::Permanent};
    const Result<QByteArray> bytes = files.read(path, 0, kMostBytesPerFile);
    if (!bytes)
        return bytes.error();
    return fromText(files, path, *bytes, options);
}

FileSet FileSet::fromText(FileStore& files, const QByteArray& path, const QByteArray& text, const FileSetOptions& options) {
    return Reader(files, options).run(path, text);
}

namespace {

// The files of a set as they are after edits, over those of the store.
class EditedFiles final : public FileStore {
  public:
    EditedFiles(FileStore& under, QHash<QByteArray, QByteArray> texts) : m_under(under), m_texts(std::move(texts)) {}

    Result<QByteArray> read(const QByteArray& path, qint64 offset, qint64 most) override {
        const auto found = m_texts.constFind(path);
        if (found == m_texts.constEnd())
            return m_under.read(path, offset, most);
        return found->mid(qsizetype(offset), qsizetype(most));
    }
    Result<qint64> size(const QByteArray& path) override {
        const auto found = m_texts.constFind(path);
        return found == m_texts.constEnd() ? m_under.size(path) : Result<qint64>(found->size());
    }
    Result<void> makeDirectory(const QByteArray&) override { return readOnly(); }
    Result<std::unique_ptr<File>> create(const QByteArray&) override { return readOnly().error(); }
    Result<void> rename(const QByteArray&, const QByteArray&) override { return readOnly(); }
    Result<void> remove(const QByteArray&) override { return readOnly(); }
    Result<QByteArrayList> list(const QByteArray& directory) override { return m_under.list(directory); }
    Result<void> syncFile(const QByteArray&) override { return readOnly(); }
    Result<void> syncDirectory(const QByteArray&) override { return readOnly(); }
    Result<qint64> freeBytes(const QByteArray& path) override { return m_under.freeBytes(path); }
    Result<bool> readableByOthers(const QByteArray& path) override { return m_under.readableByOthers(path); }

  private:
    static Result<void> readOnly() { return Error{ErrorCode::Internal, "reading must not write", Permanence::Permanent}; }

    FileStore& m_under;
    QHash<QByteArray, QByteArray> m_texts;
};

} // namespace

// Nothing: the whole set has to be read again, or `outcome` says why the edits cannot be.
std::optional<FileSet> FileSet::editedInPlace(const std::vector<FileEdits>& edits, Result<void>& outcome) const {
    FileSet result = *this;
    for (const FileEdits& one : edits) {
        for (size_t index = 0; index < m_documents.size(); ++index) {
            DocumentPtr& document = result.m_documents[index];
            if (document->file() != one.file)
                continue;
            const DocumentPtr before = document;
            const Result<DocumentPtr> made = before->editedInPlace(one.edits);
            if (!made)
                outcome = made.error();
            if (!made || !*made)
                return std::nullopt;
            document = *made;
            // No edit in place adds or takes an include: pieces begin and end behind the same includes as before.
            const std::vector<size_t> includesBefore = before->includes();
            const std::vector<size_t> includesAfter = document->includes();
            Piece* last = nullptr;
            for (Piece& piece : result.m_pieces) {
                if (piece.document != index)
                    continue;
                const auto moved = [&](size_t end) {
                    const auto at = std::find(includesBefore.begin(), includesBefore.end(), end - 1);
                    return end == 0 || at == includesBefore.end() ? end
                                                                  : includesAfter[size_t(at - includesBefore.begin())] + 1;
                };
                piece.from = moved(piece.from);
                piece.to = moved(piece.to);
                last = &piece;
            }
            if (last)
                last->to = document->statementCount();
            result.m_expanded += document->expandedTokens() - before->expandedTokens();
        }
        for (Diagnostic& diagnostic : result.m_includeDiagnostics) {
            if (diagnostic.file != one.file)
                continue;
            const DocumentPtr& document = *std::find_if(result.m_documents.begin(), result.m_documents.end(),
                                                        [&one](const DocumentPtr& each) { return each->file() == one.file; });
            qsizetype offset = diagnostic.offset;
            for (const tree::TextEdit& edit : one.edits) {
                if (edit.range.end() <= diagnostic.offset && diagnostic.length > 0)
                    offset += edit.replacement.size() - edit.range.length;
            }
            const Document::Position at = document->position(offset);
            diagnostic.offset = offset;
            diagnostic.line = at.line;
            diagnostic.column = at.column;
        }
    }
    if (result.m_expanded > kMostExpanded)
        return std::nullopt;
    return result;
}

Result<FileSet> FileSet::edited(FileStore& files, const std::vector<FileEdits>& edits) const {
    QHash<QByteArray, QByteArray> texts;
    for (const DocumentPtr& document : m_documents)
        texts.insert(document->file(), document->bytes());
    QByteArrayList seen;
    for (const FileEdits& one : edits) {
        if (!texts.contains(one.file) || seen.contains(one.file))
            return Error{ErrorCode::Invalid, one.file + " is not a file of this configuration, or is edited twice",
                         Permanence::Permanent};
        seen.append(one.file);
    }
    Result<void> outcome;
    if (std::optional<FileSet> quick = editedInPlace(edits, outcome))
        return std::move(*quick);
    if (!outcome)
        return outcome.error();
    for (const FileEdits& one : edits) {
        Result<QByteArray> text = tree::applyEdits(texts[one.file], one.edits);
        if (!text)
            return text.error();
        texts[one.file] = *text;
    }
    const QByteArray text = texts[main()->file()];
    EditedFiles over(files, std::move(texts));
    return fromText(over, main()->file(), text, m_options);
}

bool FileSet::hasFixedMacro(const QByteArray& name) const {
    return std::any_of(m_options.macros.begin(), m_options.macros.end(),
                       [&name](const auto& one) { return one.first == name; });
}

std::vector<FileSet::Place> FileSet::places() const {
    std::vector<Place> result;
    for (const Piece& piece : m_pieces) {
        for (size_t i = piece.from; i < piece.to; ++i)
            result.push_back({piece.document, i});
    }
    return result;
}

std::vector<StatementView> FileSet::statements() const {
    std::vector<StatementView> result;
    for (const Piece& piece : m_pieces) {
        for (size_t i = piece.from; i < piece.to; ++i)
            result.push_back(m_documents[piece.document]->statement(i));
    }
    return result;
}

size_t FileSet::statementCount() const {
    size_t result = 0;
    for (const Piece& piece : m_pieces)
        result += piece.to - piece.from;
    return result;
}

QByteArrayList FileSet::files() const {
    QByteArrayList result;
    for (const DocumentPtr& document : m_documents) {
        if (!result.contains(document->file()))
            result.append(document->file());
    }
    return result;
}

Diagnostics FileSet::diagnostics() const {
    Diagnostics result;
    for (const DocumentPtr& document : m_documents) {
        const auto from = std::ptrdiff_t(result.size());
        result.insert(result.end(), document->diagnostics().begin(), document->diagnostics().end());
        for (const Diagnostic& diagnostic : m_includeDiagnostics) {
            if (diagnostic.file == document->file())
                result.push_back(diagnostic);
        }
        std::stable_sort(result.begin() + from, result.end(),
                         [](const Diagnostic& a, const Diagnostic& b) { return a.offset < b.offset; });
    }
    return result;
}

} // namespace postern::config
