#include "app/pages/ComparePage.h"

#include "db/ImageRepository.h"
#include "db/RunRepository.h"
#include "widgets/CompareView.h"

#include <QCheckBox>
#include <QCompleter>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QIcon>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QStringListModel>
#include <QVBoxLayout>

#include <numeric>

namespace tagalign::app {

namespace {

constexpr std::size_t kFound = 60; ///< pictures listed for a search

} // namespace

ComparePage::ComparePage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_prompt(new QLineEdit(this)),
      m_list(new QListWidget(this)),
      m_listTitle(new QLabel(tr("Pictures"), this)),
      m_view(new widgets::CompareView(this))
{
    m_prompt->setPlaceholderText(tr("What to look for, e.g. “rusty bolt”; Enter shows where"));
    m_prompt->setClearButtonEnabled(true);
    m_prompt->setAccessibleName(tr("Prompt"));
    auto* find = new QPushButton(tr("Find pictures"), this);
    find->setToolTip(tr("Rank all pictures by the prompt, with the trained head if there is one"));
    auto* difference = new QCheckBox(tr("Difference"), this);
    difference->setToolTip(tr("After minus before instead of both"));
    m_list->setIconSize({12 * widgets::kGrid, 9 * widgets::kGrid});
    m_list->setFixedWidth(32 * widgets::kGrid);
    auto* bar = new QHBoxLayout;
    bar->addWidget(m_prompt, 1);
    bar->addWidget(find);
    bar->addWidget(difference);
    auto* left = new QVBoxLayout;
    left->addWidget(m_listTitle);
    left->addWidget(m_list, 1);
    auto* middle = new QHBoxLayout;
    middle->addLayout(left);
    middle->addWidget(m_view, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * widgets::kGrid, 2 * widgets::kGrid, 2 * widgets::kGrid,
                               2 * widgets::kGrid);
    layout->addLayout(bar);
    layout->addLayout(middle, 1);
    connect(m_prompt, &QLineEdit::returnPressed, this, &ComparePage::requestHeatmaps);
    connect(find, &QPushButton::clicked, this, &ComparePage::search);
    connect(difference, &QCheckBox::toggled, this, [this](bool on) {
        m_view->setMode(on ? widgets::CompareMode::Difference : widgets::CompareMode::SideBySide);
    });
    connect(m_list, &QListWidget::currentItemChanged, this, &ComparePage::showPicture);
    connect(&workspace, &Workspace::imagesChanged, this, &ComparePage::reload);
    connect(&workspace, &Workspace::headChanged, this, &ComparePage::requestHeatmaps);
    reload();
}

void ComparePage::reload()
{
    struct Content
    {
        QList<db::Image> images;
        QStringList queries;
    };

    m_workspace.session.ask(
        this,
        [](db::Database& database) {
            return Content{db::ImageRepository(database.connection()).images(),
                           db::RunRepository(database.connection()).recentQueries(50)};
        },
        [this](const Content& content) {
            m_images = content.images;
            auto* completer = new QCompleter(content.queries, m_prompt);
            completer->setCaseSensitivity(Qt::CaseInsensitive);
            m_prompt->setCompleter(completer);
            QList<qsizetype> order(m_images.size());
            std::iota(order.begin(), order.end(), qsizetype(0));
            fillList(order);
        });
}

void ComparePage::fillList(const QList<qsizetype>& order)
{
    m_list->clear();
    for (const qsizetype place : order) {
        const db::Image& image = m_images.at(place);
        auto* item = new QListWidgetItem(
            QIcon(m_workspace.project().thumbnailFile(image.sha256)), // read when first drawn
            QFileInfo(image.path).fileName(), m_list);
        item->setData(Qt::UserRole, place);
    }
    if (m_list->count() > 0) {
        m_list->setCurrentRow(0);
    }
}

void ComparePage::showPicture()
{
    const QListWidgetItem* item = m_list->currentItem();
    if (item == nullptr) {
        return;
    }
    const db::Image image = m_images.at(item->data(Qt::UserRole).value<qsizetype>());
    m_view->setHeatmaps({}, {});
    m_workspace.loadImage(this, image.path, [this, item](const QImage& picture) {
        if (m_list->currentItem() == item) {
            m_view->setImage(picture);
        }
    });
    requestHeatmaps();
}

void ComparePage::requestHeatmaps()
{
    const QListWidgetItem* item = m_list->currentItem();
    const QString prompt = m_prompt->text().trimmed();
    if (item == nullptr || prompt.isEmpty()) {
        return;
    }
    const db::Image& image = m_images.at(item->data(Qt::UserRole).value<qsizetype>());
    m_workspace.prompts.heatmaps(
        this, {m_workspace.project().absolutePath(image.path), image.sha256, prompt},
        [this](const model::pipeline::HeatmapPair& pair) {
            m_view->setHeatmaps(heatmapOf(pair.before),
                                pair.after ? heatmapOf(*pair.after) : widgets::Heatmap());
        });
    m_workspace.session.ask(
        this,
        [prompt](db::Database& database) {
            db::RunRepository(database.connection()).rememberQuery(prompt);
        },
        [] {});
}

void ComparePage::search()
{
    const QString prompt = m_prompt->text().trimmed();
    if (prompt.isEmpty()) {
        return;
    }
    std::vector<std::string> hashes;
    for (const db::Image& image : m_images) {
        hashes.push_back(image.sha256.toStdString());
    }
    m_workspace.prompts.search(
        this, hashes, prompt, kFound,
        [this, prompt](const std::vector<model::pipeline::SearchHit>& before,
                       const std::vector<model::pipeline::SearchHit>& after) {
            QList<qsizetype> order;
            for (const auto& hit : after.empty() ? before : after) {
                order.append(qsizetype(hit.image));
            }
            m_listTitle->setText(tr("Found for “%1”").arg(prompt));
            fillList(order);
        });
}

} // namespace tagalign::app
