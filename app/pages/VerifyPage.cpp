#include "app/pages/VerifyPage.h"

#include "app/User.h"
#include "app/Utf8.h"
#include "app/jobs/SimulatedReview.h"
#include "app/jobs/TranslateJob.h"
#include "app/pages/QualityControl.h"
#include "app/pages/TagTracer.h"
#include "app/pages/VerifyQueue.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "model/eval/Interval.h"
#include "widgets/CaptionLabel.h"
#include "widgets/ProgressSummary.h"
#include "widgets/QualityBar.h"
#include "widgets/TagChipBar.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>

namespace tagalign::app {

namespace {

constexpr int kPatienceMs = 200; ///< a person takes a shorter wait for none

} // namespace

VerifyPage::VerifyPage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_title(new QLabel(this)),
      m_view(new widgets::HeatmapView(this)),
      m_split(new QSplitter(this)),
      m_trace(new TagTracer(workspace, this)),
      m_scale(new widgets::ColorScale(this)),
      m_caption(new widgets::CaptionLabel(this)),
      m_chips(new widgets::TagChipBar(this)),
      m_progress(new widgets::ProgressSummary(this)),
      m_qualityBar(new widgets::QualityBar(this)),
      m_quality(new QualityControl(workspace, m_qualityBar, this)),
      m_saved(new QLabel(tr("all saved"), this))
{
    setFocusPolicy(Qt::StrongFocus);
    m_view->setFocusPolicy(Qt::NoFocus); // the keys belong to the page
    m_view->setHint(tr("No tags to verify yet. Import pictures with captions first."));
    m_view->setAccessibleName(tr("Picture"));
    m_scale->hide();
    m_title->setForegroundRole(QPalette::PlaceholderText);
    m_saved->setForegroundRole(QPalette::PlaceholderText);
    auto* buttons = new QHBoxLayout;
    const auto addButton = [&](const QString& text, const QString& tip, auto slot) {
        auto* button = new QPushButton(text, this);
        button->setFocusPolicy(Qt::NoFocus);
        button->setMinimumWidth(button->sizeHint().width() + 2 * widgets::kGrid);
        button->setToolTip(tip);
        connect(button, &QPushButton::clicked, this, slot);
        buttons->addWidget(button);
    };
    addButton(tr("Accept  A"), tr("The tag is there"), [this] { decide(db::State::Accepted); });
    addButton(tr("Reject  X"), tr("The tag is not there"), [this] { decide(db::State::Rejected); });
    addButton(tr("Unsure  Space"), tr("It cannot be told"), [this] { decide(db::State::Unsure); });
    addButton(tr("Undo  ⌫"), tr("Take the last verdict back"), [this] { undo(); });
    addButton(tr("Heatmap  H"), tr("Where the model sees this tag"), [this] { toggleHeatmap(); });
    addButton(tr("Trace  T"), tr("Where this tag comes from"), [this] { toggleTrace(); });
    buttons->addWidget(m_scale);
    buttons->addStretch();
    buttons->addWidget(m_saved);
    auto* top = new QHBoxLayout;
    top->addWidget(m_progress);
    top->addStretch();
    top->addWidget(m_title);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * widgets::kGrid, 2 * widgets::kGrid, 2 * widgets::kGrid,
                               2 * widgets::kGrid);
    layout->addLayout(top);
    layout->addWidget(m_qualityBar);
    layout->addWidget(m_split, 1);
    makeTrace();
    layout->addWidget(m_caption);
    layout->addWidget(m_chips);
    layout->addLayout(buttons);
    m_patience.setSingleShot(true);
    m_patience.setInterval(kPatienceMs);
    connect(&m_patience, &QTimer::timeout, this, [this] {
        m_view->setHint(tr("Loading…"));
        m_view->setImage({});
        m_chips->setChips({});
    });
    connect(m_chips, &widgets::TagChipBar::currentChanged, this, &VerifyPage::showChip);
    connect(m_quality, &QualityControl::orderChanged, this, &VerifyPage::beginAnew);
    connect(m_quality, &QualityControl::placeChosen, this,
            [this](db::ImageId image, db::TagId tag) { goTo(image, tag); });
    connect(&workspace, &Workspace::imagesChanged, this, &VerifyPage::reload);
    connect(&workspace, &Workspace::tagsChanged, this, &VerifyPage::reload);
    reload();
}

QString VerifyPage::Content::toolTipOf(const db::Candidate& candidate) const
{
    const QString judge = judges.value(candidate.tag);
    QString text = captionText(candidate.caption);
    if (candidate.inferred) {
        text += QLatin1Char('\n') + tr("Inferred: not in the caption's own words");
    }
    if (candidate.probability) {
        text += QLatin1Char('\n') +
                tr("Right with a probability of %1").arg(*candidate.probability, 0, 'f', 2);
    }
    if (!candidate.english.isEmpty()) {
        text += QLatin1Char('\n') + englishNote(candidate);
    }
    return candidate.state == db::State::Pending || judge.isEmpty()
               ? text
               : tr("%1\nJudged by %2").arg(text, judge);
}

QString VerifyPage::Content::captionText(db::CaptionId id) const
{
    for (const db::Caption& caption : captions) {
        if (caption.id == id) {
            return caption.text;
        }
    }
    return captions.isEmpty() ? QString() : captions.first().text;
}

QString VerifyPage::Content::absenceText() const
{
    return absent.isEmpty() ? QString()
                            : tr("  (not there: %1)").arg(absent.join(QStringLiteral(", ")));
}

std::optional<db::ImageId> VerifyPage::shownImage() const
{
    return m_isWhole ? std::optional(m_content.image.id) : std::nullopt;
}

void VerifyPage::reload()
{
    m_workspace.session.ask(
        this,
        [order = m_quality->order()](const db::Database& database) {
            return imagesIn(order, database);
        },
        [this](const QList<db::Image>& images) {
            const bool isFirst = m_images.isEmpty();
            m_images = images;
            if (images.isEmpty()) {
                return;
            }
            if (isFirst) {
                goToNextPending(db::ImageId{});
                return;
            }
            const db::Candidate* candidate = currentCandidate();
            goTo(m_content.image.id, candidate ? std::optional(candidate->tag) : std::nullopt);
        });
    m_workspace.session.ask(
        this,
        [](db::Database& database) {
            return db::VerdictRepository(database.connection()).judgedBy(simulatedReviewer());
        },
        [this](int verdicts) {
            m_progress->setNote(verdicts > 0 ? tr("%1 by a simulated reviewer").arg(verdicts)
                                             : QString());
        });
    showProgress();
}

void VerifyPage::makeTrace()
{
    m_split->addWidget(m_view);
    m_split->addWidget(m_trace);
    m_split->setStretchFactor(0, 1); // the picture takes what the window gains
    m_split->setCollapsible(0, false);
    m_split->setCollapsible(1, false);
    const QSettings settings;
    m_split->restoreState(settings.value(QStringLiteral("trace/widths")).toByteArray());
    m_trace->setVisible(settings.value(QStringLiteral("trace/isShown"), false).toBool());
    connect(m_split, &QSplitter::splitterMoved, this,
            [this] { QSettings().setValue(QStringLiteral("trace/widths"), m_split->saveState()); });
    connect(m_trace, &widgets::TracePanel::left, this, [this] { setFocus(); });
}

void VerifyPage::toggleTrace()
{
    const bool isShown = m_trace->isHidden();
    setFocus(); // not in what is hidden
    m_trace->setVisible(isShown);
    QSettings().setValue(QStringLiteral("trace/isShown"), isShown);
}

void VerifyPage::showTag(db::ImageId image, db::TagId tag)
{
    goTo(image, tag);
}

/// The queue from its start, in its present order.
void VerifyPage::beginAnew()
{
    m_images.clear();
    m_shown.clear();
    m_position = -1;
    m_isWhole = false;
    reload();
}

void VerifyPage::showNextOpen()
{
    if (m_position >= 0) {
        goToNextPending(m_content.image.id);
    }
}

void VerifyPage::goTo(db::ImageId image, std::optional<db::TagId> tag)
{
    for (qsizetype i = 0; i < m_images.size(); ++i) {
        if (m_images.at(i).id == image) {
            showImage(i, tag);
            return;
        }
    }
    showImage(0);
}

void VerifyPage::goToNextPending(db::ImageId after)
{
    m_isWhole = false;
    m_workspace.session.ask( // answers in order: after the verdicts before it
        this,
        [after, order = m_quality->order(), shown = m_shown](const db::Database& database) {
            return nextPending(order, database, after, shown);
        },
        [this, after](const std::optional<db::ImageId>& next) {
            if (m_position >= 0 && m_content.image.id != after) {
                return; // the person has moved on by an arrow meanwhile
            }
            if (next) {
                goTo(*next);
            } else if (m_position < 0) {
                showImage(0);
            } else {
                showEnd();
            }
        },
        [this] { m_isWhole = m_content.hasTags && m_content.hasPicture; });
}

void VerifyPage::showEnd()
{
    m_isWhole = true;
    m_chips->setCurrent(-1);
    m_caption->setCaption(tr("Every tag has a verdict. Next: train a head on them."), 0, 0);
}

/// Picture and tags load at the same time; the old ones stay on screen until both are there.
void VerifyPage::showImage(qsizetype position, std::optional<db::TagId> tag)
{
    if (m_images.isEmpty()) {
        return; // they are being read anew, and one will be shown then
    }
    m_position = position;
    m_shown.insert(m_images.at(position).id);
    m_wantedTag = tag;
    m_isWhole = false;
    m_content = {.image = m_images.at(position)};
    m_patience.start();
    const db::Image& image = m_content.image;
    m_workspace.session.ask(
        this,
        [id = image.id, order = m_quality->order()](const db::Database& database) {
            const db::TagRepository tags(database.connection());
            Content content{.captions = db::ImageRepository(database.connection()).captionsOf(id),
                            .candidates = tags.candidatesOf(id, order),
                            .judges = db::VerdictRepository(database.connection()).judgesOf(id)};
            for (const db::Absence& absence : tags.absencesOf(id)) {
                content.absent.append(absence.display);
            }
            return content;
        },
        [this, id = image.id](const Content& tags) {
            if (m_content.image.id == id) {
                m_content.captions = tags.captions;
                m_content.candidates = tags.candidates;
                m_content.judges = tags.judges;
                m_content.absent = tags.absent;
                m_content.hasTags = true;
                showWhenWhole();
            }
        });
    m_workspace.loadImage(this, image.path, [this, id = image.id](const QImage& picture) {
        if (m_content.image.id == id) {
            m_content.picture = picture;
            m_content.hasPicture = true;
            showWhenWhole();
        }
    });
}

void VerifyPage::showWhenWhole()
{
    if (!m_content.hasTags || !m_content.hasPicture) {
        return;
    }
    m_patience.stop();
    m_title->setText(tr("%1 · %2 of %3")
                         .arg(QFileInfo(m_content.image.path).fileName())
                         .arg(m_position + 1)
                         .arg(m_images.size()));
    m_view->setHint(tr("%1 cannot be read; was it moved? Import it again from its new place.")
                        .arg(m_content.image.path));
    m_view->setHeatmap({});
    m_view->setImage(m_content.picture);
    m_view->fit();
    QList<widgets::TagChip> chips;
    for (const db::Candidate& candidate : m_content.candidates) {
        chips.append({.text = candidate.display,
                      .isAttribute = candidate.kind == db::TagKind::Attribute,
                      .owner = candidate.owner,
                      .state = stateOf(candidate.state),
                      .toolTip = m_content.toolTipOf(candidate)});
    }
    m_isWhole = true;
    m_chips->setChips(chips, chipToShow());
    prefetch();
}

/// The tag asked for, else the first without a verdict, else none: a finished image is not judged
/// again by accident. Nor is one that cannot be seen.
int VerifyPage::chipToShow() const
{
    if (m_content.picture.isNull()) {
        return -1;
    }
    int pending = -1;
    for (int i = 0; i < m_content.candidates.size(); ++i) {
        const db::Candidate& candidate = m_content.candidates.at(i);
        if (m_wantedTag == candidate.tag) {
            return i;
        }
        if (pending < 0 && candidate.state == db::State::Pending) {
            pending = i;
        }
    }
    return pending;
}

void VerifyPage::prefetch()
{
    if (m_position + 1 < m_images.size()) {
        m_workspace.loadImage(this, m_images.at(m_position + 1).path, [](const QImage&) {});
    }
}

const db::Candidate* VerifyPage::currentCandidate() const
{
    const int chip = m_chips->current();
    return m_isWhole && chip >= 0 ? &m_content.candidates.at(chip) : nullptr;
}

void VerifyPage::showChip(int)
{
    m_looking.start();
    const db::Candidate* candidate = currentCandidate();
    m_trace->setTag(candidate != nullptr ? std::optional(*candidate) : std::nullopt);
    if (candidate == nullptr) {
        m_caption->setCaption(m_content.captionText({}) + m_content.absenceText(), 0, 0);
        m_view->setHeatmap({});
        return;
    }
    const QString caption = m_content.captionText(candidate->caption);
    const QByteArray bytes = caption.toUtf8();
    const int start = unitsOf(bytes, candidate->spanStart);
    const int end = unitsOf(bytes, candidate->spanStart + candidate->spanLength);
    m_caption->setCaption(caption + m_content.absenceText(), start, end - start);
    if (m_isHeatmapOn) {
        requestHeatmap();
    }
}

void VerifyPage::decide(db::State state)
{
    const db::Candidate* candidate = currentCandidate();
    if (candidate == nullptr) {
        return;
    }
    const db::ImageTag place{m_content.image.id, candidate->tag};
    const db::VerdictRepository::Decision decision{candidate->id, state, int(m_looking.restart()),
                                                   place};
    ++m_unsaved;
    showSaved();
    m_workspace.session.ask(
        this,
        [decision, who = userName()](db::Database& database) {
            db::VerdictRepository(database.connection()).decide({decision}, who);
        },
        [this] {
            --m_unsaved;
            showSaved();
            showProgress();
        },
        [this, place] { // the window says why; here the tag is offered again
            --m_unsaved;
            showSaved();
            goTo(place.image, place.tag);
        });
    m_content.candidates[m_chips->current()].state = state;
    m_chips->setState(m_chips->current(), stateOf(state));
    advance();
}

void VerifyPage::advance()
{
    const int count = int(m_content.candidates.size());
    for (int step = 1; step < count; ++step) {
        const int chip = (m_chips->current() + step) % count;
        if (m_content.candidates.at(chip).state == db::State::Pending) {
            m_chips->setCurrent(chip);
            return;
        }
    }
    goToNextPending(m_content.image.id);
}

void VerifyPage::undo()
{
    m_isWhole = false; // until it is clear which tag is next
    const auto stay = [this] { m_isWhole = m_content.hasTags && m_content.hasPicture; };
    m_workspace.session.ask(
        this,
        [who = userName()](db::Database& database) -> std::optional<db::ImageTag> {
            const auto changed = db::VerdictRepository(database.connection()).undo(who);
            if (changed.isEmpty()) {
                return std::nullopt;
            }
            return db::TagRepository(database.connection()).placeOf(changed.first().candidate);
        },
        [this, stay](const std::optional<db::ImageTag>& changed) {
            if (changed) {
                goTo(changed->image, changed->tag);
            } else {
                stay();
            }
            showProgress();
        },
        stay);
}

void VerifyPage::showSaved()
{
    m_saved->setText(m_unsaved > 0 ? tr("saving…") : tr("all saved"));
}

void VerifyPage::showProgress()
{
    m_quality->refreshSoon();
    m_workspace.session.ask(
        this,
        [](db::Database& database) { return db::ImageRepository(database.connection()).counts(); },
        [this](const db::Counts& counts) {
            const int judged = counts.accepted + counts.rejected;
            if (judged == 0) {
                m_progress->setNumbers(counts.unsure, counts.candidates, -1.0, 0.0, 0.0);
                return;
            }
            const auto interval = model::eval::wilsonInterval(counts.accepted, judged);
            m_progress->setNumbers(judged + counts.unsure, counts.candidates,
                                   double(counts.accepted) / judged, interval.low, interval.high);
        });
}

void VerifyPage::toggleHeatmap()
{
    m_isHeatmapOn = !m_isHeatmapOn;
    m_scale->setVisible(m_isHeatmapOn);
    if (m_isHeatmapOn) {
        requestHeatmap();
    } else {
        m_view->setHeatmap({});
    }
}

void VerifyPage::requestHeatmap()
{
    const db::Candidate* candidate = currentCandidate();
    if (candidate == nullptr) {
        return;
    }
    const db::Image& image = m_content.image;
    m_workspace.prompts.heatmaps(
        this, {m_workspace.project().absolutePath(image.path), image.sha256, promptOf(*candidate)},
        [this, id = candidate->id](const PromptService::Heatmaps& maps) {
            const db::Candidate* current = currentCandidate();
            if (!m_isHeatmapOn || current == nullptr || current->id != id) {
                return;
            }
            const model::pipeline::HeatmapPair& pair = maps.pair;
            const widgets::Heatmap map = heatmapOf(pair.after ? *pair.after : pair.before);
            m_view->setScale(widgets::ColorMap::Viridis, pair.low, pair.high);
            m_scale->setScale(widgets::ColorMap::Viridis, pair.low, pair.high);
            m_view->setHeatmap(map);
        });
}

void VerifyPage::move(int key)
{
    const int chips = m_isWhole ? int(m_content.candidates.size()) : 0;
    const int chip = m_chips->current();
    if (key == Qt::Key_Right && m_position + 1 < m_images.size()) {
        showImage(m_position + 1);
    } else if (key == Qt::Key_Left && m_position > 0) {
        showImage(m_position - 1);
    } else if (key == Qt::Key_Down && chips > 0) {
        m_chips->setCurrent((chip + 1) % chips);
    } else if (key == Qt::Key_Up && chips > 0) {
        m_chips->setCurrent((std::max(chip, 0) + chips - 1) % chips);
    }
}

void VerifyPage::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) {
        QWidget::keyPressEvent(event);
        return;
    }
    // A key held down moves on and on, but judges once.
    const bool isArrow =
        key == Qt::Key_Left || key == Qt::Key_Right || key == Qt::Key_Up || key == Qt::Key_Down;
    if (isArrow) {
        move(key);
    } else if (event->isAutoRepeat()) {
        event->accept();
    } else if (key == Qt::Key_A) {
        decide(db::State::Accepted);
    } else if (key == Qt::Key_X) {
        decide(db::State::Rejected);
    } else if (key == Qt::Key_Space) {
        decide(db::State::Unsure);
    } else if (key == Qt::Key_Backspace) {
        undo();
    } else if (key == Qt::Key_H) {
        toggleHeatmap();
    } else if (key == Qt::Key_T) {
        toggleTrace();
    } else if (key == Qt::Key_O) {
        m_qualityBar->toggleOrder();
    } else if (key == Qt::Key_P) {
        m_qualityBar->togglePlot();
    } else if (key >= Qt::Key_1 && key <= Qt::Key_9) {
        m_chips->setCurrent(key - Qt::Key_1);
    } else {
        QWidget::keyPressEvent(event);
    }
}

} // namespace tagalign::app
