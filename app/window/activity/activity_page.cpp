// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/activity/activity_page.h"

#include "window/link/gateway_link.h"
#include "window/overview/status_words.h"
#include "window/queue/queue_view.h"
#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/action_button.h"
#include "window/widgets/buttons.h"
#include "window/widgets/labels.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLineEdit>
#include <QPainter>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kDetailsHeight = 180; // at first; the splitter keeps what the person chose

class ActivityView final : public QTreeView {
  public:
    explicit ActivityView(QAbstractItemModel* model) {
        setObjectName(u"activityView"_s);
        setModel(model);
        auto* delegate = new ToneDelegate(ActivityModel::ToneRole, ActivityModel::IconRole, this);
        delegate->setLeadIndent(14);
        setItemDelegate(delegate);
        header()->setProperty("leadIndent", 14);
        setFrameShape(QFrame::NoFrame);
        setRootIsDecorated(false);
        setIndentation(0);
        setUniformRowHeights(true);
        setSelectionMode(QAbstractItemView::ExtendedSelection);
        setAllColumnsShowFocus(true);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
        header()->setSectionsMovable(false);
        const QFontMetrics metrics(font());
        header()->setSectionResizeMode(QHeaderView::Fixed);
        header()->resizeSection(ActivityModel::Time, metrics.horizontalAdvance(u"18 Nov, 14:31"_s) + 40);
        header()->resizeSection(ActivityModel::What, metrics.horizontalAdvance(u"Asked to wait "_s) + 48);
        header()->setStretchLastSection(true);
    }

  protected:
    void drawBranches(QPainter*, const QRect&, const QModelIndex&) const override {}
    void drawRow(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const Roles& r = theme::roles();
        if (selectionModel()->isSelected(index))
            painter->fillRect(option.rect, r.selection);
        painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), r.lineSoft);
        QStyleOptionViewItem shifted = option;
        shifted.state &= ~QStyle::State_HasFocus;
        QTreeView::drawRow(painter, shifted, index);
        if (hasFocus() && currentIndex().row() == index.row()) {
            painter->setPen(QPen(r.accentLine, 2));
            painter->setBrush(Qt::NoBrush);
            painter->drawRect(option.rect.adjusted(1, 1, -1, -1));
        }
    }
};

} // namespace

ActivityPage::ActivityPage(GatewayLink& link, QWidget* parent) : Page(parent), m_link(link) {
    setObjectName(u"activityPage"_s);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_model = new ActivityModel(this);
    m_filter = new ActivityFilter(this);
    m_filter->setSourceModel(m_model);
    m_open = new QAction(lineIcon(u"eye"_s), tr("What happened?"), this);
    m_open->setShortcut(QKeySequence(u"Ctrl+I"_s));
    m_open->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    m_copy = new QAction(lineIcon(u"copy"_s), tr("Copy as text"), this);
    m_copy->setShortcut(QKeySequence(u"Ctrl+C"_s));
    m_copy->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    m_pause = new QAction(lineIcon(u"pause"_s), tr("Pause the list"), this);
    m_pause->setShortcut(QKeySequence(u"Ctrl+P"_s));
    m_pause->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    addActions({m_open, m_copy, m_pause});

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 14, 0, 0);
    column->setSpacing(0);
    auto* top = new QVBoxLayout;
    top->setContentsMargins(20, 0, 20, 10);
    top->setSpacing(10);
    m_header = new PageHeader(tr("Activity"));
    m_live = new StateButton;
    m_live->setObjectName(u"liveButton"_s);
    m_header->end()->addWidget(m_live);
    top->addWidget(m_header);
    auto* tools = new QHBoxLayout;
    tools->setSpacing(7);
    const std::pair<ActivityGroup, QString> groups[] = {
        {ActivityGroup::TakenIn, tr("Taken in")}, {ActivityGroup::Delivered, tr("Delivered")},
        {ActivityGroup::Waiting, tr("Delayed")}, {ActivityGroup::Refused, tr("Refused")},
        {ActivityGroup::Connections, tr("Connections")}, {ActivityGroup::Gateway, tr("Gateway")}};
    for (const auto& [group, text] : groups) {
        auto* chip = new FilterChip(text);
        chip->setProperty("group", static_cast<int>(group));
        chip->setAccessibleName(tr("Show only: %1").arg(text));
        connect(chip, &QAbstractButton::toggled, this, [this, chip] {
            QSet<ActivityGroup> chosen;
            for (const FilterChip* one : std::as_const(m_chips)) {
                if (one->isChecked())
                    chosen.insert(static_cast<ActivityGroup>(one->property("group").toInt()));
            }
            chip->updateGeometry();
            m_filter->setGroups(chosen);
            showEmptiness();
        });
        m_chips.append(chip);
        tools->addWidget(chip);
    }
    tools->addStretch(1);
    m_find = new QLineEdit;
    m_find->setObjectName(u"activityFind"_s);
    m_find->setPlaceholderText(tr("Find in activity…"));
    m_find->setAccessibleName(tr("Find in activity"));
    m_find->addAction(lineIcon(u"search"_s), QLineEdit::LeadingPosition);
    m_find->setClearButtonEnabled(true);
    m_find->setProperty("small", true);
    m_find->setMinimumWidth(120);
    m_find->setMaximumWidth(200);
    tools->addWidget(m_find);
    top->addLayout(tools);
    column->addLayout(top);
    column->addWidget(new Hairline);

    m_view = new ActivityView(m_filter);
    m_view->setAccessibleName(tr("What happened"));
    m_empty = new EmptyState(u"activity"_s, QString());
    m_body = new QStackedWidget;
    m_body->addWidget(m_view);
    m_body->addWidget(m_empty);
    m_details = makeDetails();
    m_split = new QSplitter(Qt::Vertical);
    m_split->addWidget(m_body);
    m_split->addWidget(m_details);
    m_split->setChildrenCollapsible(false);
    m_split->setStretchFactor(0, 1);
    m_split->setStretchFactor(1, 0);
    column->addWidget(m_split, 1);

    connect(m_find, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_filter->setWords(text);
        showEmptiness();
    });
    offerActions(m_view, this);
    const auto pauseOrFollow = [this] {
        if (isStandingStill())
            follow();
        else
            pause();
    };
    connect(m_live, &QAbstractButton::clicked, this, pauseOrFollow);
    connect(m_pause, &QAction::triggered, this, pauseOrFollow);
    connect(m_view->verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        if (value == 0 && !m_isPaused)
            follow();
        else
            showLive();
    });
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &ActivityPage::showCurrent);
    connect(m_open, &QAction::triggered, this, [this] {
        if (const auto* event = current(); event && !event->message.isEmpty())
            Q_EMIT messageOpened(event->message);
    });
    connect(m_view, &QTreeView::activated, m_open, &QAction::trigger);
    connect(m_copy, &QAction::triggered, this, &ActivityPage::copySelected);
    connect(&m_link, &GatewayLink::activityArrived, this, &ActivityPage::take);
    take(m_link.recent());
    showCurrent();
}

QWidget* ActivityPage::makeDetails() {
    auto* details = new QWidget;
    details->setBackgroundRole(QPalette::AlternateBase);
    details->setAutoFillBackground(true);
    auto* column = new QVBoxLayout(details);
    column->setContentsMargins(20, 8, 20, 8);
    column->setSpacing(6);
    auto* row = new QHBoxLayout;
    m_title = new ElidedLabel(LabelKind::Section);
    row->addWidget(m_title, 1);
    m_openButton = new ActionButton(m_open);
    row->addWidget(m_openButton);
    row->addWidget(new ActionButton(m_copy));
    column->addLayout(row);
    m_words = new QPlainTextEdit;
    m_words->setReadOnly(true);
    m_words->setFrameShape(QFrame::NoFrame);
    m_words->setFont(theme::fixedFont());
    m_words->setLayoutDirection(Qt::LeftToRight);
    m_words->setTabChangesFocus(true);
    m_words->setAccessibleName(tr("Protocol of the selected line"));
    m_words->viewport()->setBackgroundRole(QPalette::AlternateBase);
    m_words->document()->setDocumentMargin(0);
    column->addWidget(m_words, 1);
    details->setMinimumHeight(110);
    return details;
}

const control::ActivityEvent* ActivityPage::current() const {
    return m_model->event(m_filter->mapToSource(m_view->currentIndex()).row());
}

bool ActivityPage::isStandingStill() const {
    return m_isPaused || m_view->verticalScrollBar()->value() > 0;
}

void ActivityPage::pause() {
    m_isPaused = true;
    showLive();
}

// In the order in which they happened, each with its protocol.
void ActivityPage::copySelected() {
    QModelIndexList rows = m_view->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.row() > b.row(); });
    QStringList lines;
    for (const QModelIndex& index : std::as_const(rows)) {
        const auto* event = m_model->event(m_filter->mapToSource(index).row());
        lines << u"%1  %2  %3\n%4"_s.arg(whenWords(event->at, m_link.now()), kindWords(event->kind).word, safeLine(event->text),
                                         safeBody(event->detail, 100'000)).trimmed();
    }
    if (!lines.isEmpty())
        QGuiApplication::clipboard()->setText(lines.join(u'\n'));
}

void ActivityPage::take(const QList<control::ActivityEvent>& events) {
    if (!isStandingStill()) {
        m_model->add(events, m_link.now());
    } else {
        m_newCount += static_cast<int>(events.size());
        m_new += events;
        if (m_new.size() > ActivityModel::kMost)
            m_new.remove(0, m_new.size() - ActivityModel::kMost);
    }
    showLive();
    showEmptiness();
}

void ActivityPage::follow() {
    m_isPaused = false;
    const auto fresh = std::exchange(m_new, {});
    m_newCount = 0;
    m_model->add(fresh, m_link.now());
    m_view->scrollToTop();
    showLive();
    showEmptiness();
}

void ActivityPage::showLive() {
    if (!isStandingStill())
        m_live->setState(Tone::Ok, u"ok"_s, tr("Live"), false);
    else if (m_newCount > 0)
        m_live->setState(Tone::Link, u"pause"_s, tr("Paused, %n new", nullptr, m_newCount), false);
    else
        m_live->setState(Tone::Link, u"pause"_s, tr("Paused"), false);
    m_live->setToolTip(isStandingStill() ? tr("Go to the newest line") : tr("New lines appear as they happen. A click pauses the list."));
    m_pause->setText(isStandingStill() ? tr("Go to the newest line") : tr("Pause the list"));
}

void ActivityPage::showState(const LinkState&) {
    const auto& today = m_link.status().today;
    m_header->setLine(tr("Today, %1 taken in · %2 delivered · %3 refused")
                          .arg(countWords(today.taken), countWords(today.delivered), countWords(today.refused)));
}

void ActivityPage::showEmptiness() {
    const bool isFiltered = m_model->rowCount() > 0;
    m_empty->setSentence(isFiltered ? tr("Nothing matches the filter.") : tr("Nothing has happened yet."));
    m_empty->setDetail(isFiltered ? QString() : tr("Each connection and each message gets a line here."));
    m_body->setCurrentIndex(m_filter->rowCount() > 0 ? 0 : 1);
    showCurrent();
}

void ActivityPage::showCurrent() {
    const auto* event = m_body->currentIndex() == 0 ? current() : nullptr;
    const bool wasShown = !m_details->isHidden();
    m_details->setVisible(event != nullptr);
    if (event && !wasShown && !m_hasSplit) {
        m_hasSplit = true;
        m_split->setSizes({std::max(200, m_split->height() - kDetailsHeight), kDetailsHeight});
    }
    m_open->setVisible(event && !event->message.isEmpty());
    m_copy->setEnabled(event != nullptr);
    if (!event)
        return;
    m_title->setFullText(tr("%1: %2", "what, line").arg(kindWords(event->kind).word, isolated(safeLine(event->text, 600))));
    const QString words = event->detail.isEmpty() ? tr("There is nothing more to tell about this line.") : safeBody(event->detail, 100'000);
    if (m_words->toPlainText() != words)
        m_words->setPlainText(words);
}

bool ActivityPage::escape() {
    if (m_find->text().isEmpty())
        return false;
    m_find->clear();
    m_view->setFocus();
    return true;
}

} // namespace postern::window
