// SPDX-License-Identifier: GPL-3.0-or-later
//
// A configuration with all that it includes: which files need a new form, what they are called, and the report of all of
// them. One file is document.h's business.
#include "convert/convert.h"

#include "config/document.h"
#include "config/views/include_view.h"
#include "convert/document.h"
#include "policy/build.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace postern::convert {

using config::Dialect;
using config::DocumentPtr;
using config::Severity;
using config::StatementView;
using config::Target;

namespace {

bool hasErrors(const DocumentPtr& document) {
    const config::Diagnostics& found = document->diagnostics();
    return std::any_of(found.begin(), found.end(), [](const config::Diagnostic& one) { return one.severity == Severity::Error; });
}

// What the statement includes; "" = nothing.
QByteArray included(const StatementView& statement) {
    const auto view = config::IncludeView::from(statement);
    return view && view->path() ? policy::pathBeside(statement.file(), view->path()->text) : QByteArray();
}

// One name for a file, whatever leads to it.
QByteArray placeOf(FileStore& files, const QByteArray& path) {
    const QByteArray whole = QFile::encodeName(QDir::cleanPath(QFileInfo(QFile::decodeName(path)).absoluteFilePath()));
    return files.behindLinks(whole).value_or(whole);
}

QString folderOf(const QByteArray& file) {
    return QDir::cleanPath(QFileInfo(QFile::decodeName(file)).absolutePath());
}

class Whole {
  public:
    Whole(FileStore& files, const config::FileSet& set, Target target, const Options& options)
        : m_files(files), m_set(set), m_target(target), m_options(options) {
        for (const DocumentPtr& one : set.documents()) {
            const bool isKnown = std::any_of(m_documents.begin(), m_documents.end(),
                                             [&](const DocumentPtr& other) { return other->file() == one->file(); });
            if (!isKnown)
                m_documents.push_back(one);
        }
    }

    Converted run() {
        Knowledge known(m_files, m_set, m_target);
        learnRelayMacros(known, m_set);
        const Knowledge& know = known;
        if (m_documents.size() > 1)
            nameWhatChanges(know);
        Session session{know};
        Converted result;
        for (const DocumentPtr& document : m_documents) {
            const bool isMain = document == m_set.main();
            if (!isMain && !m_names.contains(document->file())) {
                collect(session, document); // for names of actions and what is to be said
                continue;
            }
            const QByteArray text = collect(session, document);
            if (isMain)
                result.text = text;
            else
                result.included.push_back({document->file(), m_names.value(document->file()), text});
        }
        result.report = std::move(session.report);
        return result;
    }

    // For Postern.
    Converted asItIs() const {
        Converted same;
        same.text = m_set.main()->bytes();
        for (const StatementView& statement : m_set.main()->statements()) {
            if (included(statement).isEmpty() || !isElsewhere(statement))
                continue;
            const auto at = m_set.main()->position(statement.range().offset);
            same.report.push_back({RemarkKind::Changed, statement.file(), at.line, at.column, besideOutput(included(statement))});
        }
        return same;
    }

  private:
    // Of one file, with what there is to say of its includes.
    QByteArray collect(Session& session, const DocumentPtr& document) {
        sayIncludes(session, document);
        return convertDocument(m_files, session, document, m_options.out.isEmpty() ? IncludeNames() : m_names);
    }

    // A first pass, whose report nobody reads: the files whose text changes, and then, if there are new names, those that
    // name them.
    void nameWhatChanges(const Knowledge& know) {
        Session session{know};
        for (const DocumentPtr& document : m_documents) {
            const QByteArray text = convertDocument(m_files, session, document, {});
            if (document != m_set.main() && text != document->bytes())
                m_names.insert(document->file(), {});
        }
        bool grows = !m_options.out.isEmpty();
        while (grows) {
            grows = false;
            for (const DocumentPtr& document : m_documents) {
                if (document == m_set.main() || m_names.contains(document->file()) || !includesNamed(document))
                    continue;
                m_names.insert(document->file(), {});
                grows = true;
            }
        }
        if (!m_options.out.isEmpty())
            giveNames();
    }

    bool includesNamed(const DocumentPtr& document) const {
        const std::vector<StatementView> statements = document->statements();
        return std::any_of(statements.begin(), statements.end(), [this](const StatementView& statement) {
            const QByteArray path = included(statement);
            return !path.isEmpty() && m_names.contains(path);
        });
    }

    // Beside the output and called after it, so that no file is replaced that belongs to somebody else.
    void giveNames() {
        QByteArrayList taken;
        for (const QByteArray& file : m_set.files())
            taken.append(placeOf(m_files, file));
        // Where the output is new or takes the place of what was converted, a file of such a name is nothing we wrote before.
        const bool isRepeated = m_files.size(m_options.out) && !taken.contains(placeOf(m_files, m_options.out));
        for (const DocumentPtr& document : m_documents) {
            const auto entry = m_names.find(document->file());
            if (entry == m_names.end())
                continue;
            const QByteArray own = document->file().sliced(document->file().lastIndexOf('/') + 1);
            QByteArray name = m_options.out + '.' + own;
            for (int i = 2; taken.contains(placeOf(m_files, name)) || (!isRepeated && m_files.size(name)); ++i)
                name = m_options.out + '.' + QByteArray::number(i) + '.' + own;
            taken.append(placeOf(m_files, name));
            *entry = name;
        }
    }

    // A relative name that would no longer be found from where the output stands.
    bool isElsewhere(const StatementView& statement) const {
        const QByteArray& written = config::IncludeView::from(statement)->path()->text;
        return !m_options.out.isEmpty() && QDir::isRelativePath(QFile::decodeName(written)) &&
               folderOf(m_options.out) != folderOf(statement.file());
    }

    QByteArray besideOutput(const QByteArray& path) const {
        return "this file needs no change: put " + path + " beside " + m_options.out;
    }

    void sayIncludes(Session& session, const DocumentPtr& document) const {
        for (const StatementView& statement : document->statements()) {
            const QByteArray path = included(statement);
            if (path.isEmpty())
                continue;
            const auto name = m_names.constFind(path);
            if (name == m_names.constEnd()) {
                if (!m_set.files().contains(path))
                    session.say(RemarkKind::Lost, statement, "this file can't be read, so it is not converted: " + path);
                else if (isElsewhere(statement))
                    session.say(RemarkKind::Changed, statement, besideOutput(path));
            } else if (!name->isEmpty()) {
                session.say(RemarkKind::Changed, statement, path + " is converted, too, and is " + *name + " now");
            } else if (m_options.takesIncluded) {
                session.say(RemarkKind::Changed, statement, path + " has to change, too; its new text comes with this one");
            } else {
                session.say(RemarkKind::Lost, statement,
                            path + " has to change, too, and is not in this output: -o FILE writes it beside FILE");
            }
        }
    }

    FileStore& m_files;
    const config::FileSet& m_set;
    const Target m_target;
    const Options& m_options;
    std::vector<DocumentPtr> m_documents; // each file once
    IncludeNames m_names;                 // of included files that need a new form
};

// Whose text the output would take the place of.
config::Diagnostics includesOf(FileStore& files, const config::FileSet& set, const QByteArray& out) {
    config::Diagnostics found;
    if (out.isEmpty() || set.documents().size() == 1)
        return found;
    const QByteArray place = placeOf(files, out);
    for (const StatementView& statement : set.statements()) {
        const QByteArray path = included(statement);
        if (path.isEmpty() || placeOf(files, path) != place)
            continue;
        const auto at = statement.document().position(statement.range().offset);
        config::Diagnostic one;
        one.file = statement.file();
        one.line = at.line;
        one.column = at.column;
        one.offset = statement.range().offset;
        one.length = statement.range().length;
        one.text = "the output would be written over this file, which is part of the configuration; choose another name for the output";
        found.push_back(one);
    }
    return found;
}

Converted refusedWith(config::Diagnostics diagnostics) {
    Converted refused;
    refused.isRefused = true;
    refused.diagnostics = std::move(diagnostics);
    return refused;
}

} // namespace

QByteArrayView toString(RemarkKind kind) {
    switch (kind) {
    case RemarkKind::Changed: return "changed";
    case RemarkKind::Lost: return "lost";
    case RemarkKind::Note: return "note";
    }
    return "note";
}

QByteArray Remark::print() const {
    return file + ':' + QByteArray::number(line) + ':' + QByteArray::number(column) + ": " +
           toString(kind).toByteArray() + ": " + text;
}

bool Converted::lostSomething() const {
    return std::any_of(report.begin(), report.end(),
                       [](const Remark& remark) { return remark.kind == RemarkKind::Lost; });
}

Converted convertText(FileStore& files, const QByteArray& path, const QByteArray& text, Target target,
                      const Options& options) {
    config::FileSetOptions setOptions;
    setOptions.dialect = options.dialect;
    const config::FileSet set = config::FileSet::fromText(files, path, text, setOptions);
    if (hasErrors(set.main()))
        return refusedWith(set.diagnostics());
    if (const config::Diagnostics overwritten = includesOf(files, set, options.out); !overwritten.empty())
        return refusedWith(overwritten);
    if (target == Target::Postern)
        return Whole(files, set, target, options).asItIs();
    for (const DocumentPtr& document : set.documents()) {
        if (hasErrors(document) || document->dialect() != set.dialect())
            return refusedWith(set.diagnostics());
    }
    return Whole(files, set, target, options).run();
}

Result<Converted> convert(FileStore& files, const QByteArray& path, Target target, const Options& options) {
    const auto size = files.size(path);
    if (!size)
        return size.error();
    if (*size > config::kMostBytesPerFile)
        return Error{ErrorCode::Invalid, path + " is too large to be a configuration", Permanence::Permanent};
    const auto bytes = files.read(path);
    if (!bytes)
        return bytes.error();
    return convertText(files, path, *bytes, target, options);
}

} // namespace postern::convert
