# mmcomp run configs/demo/recipe.py --jobs 2            (or: mmcomp demo)
# From noisy digits to a submission in seven small trainings. Score: see README.md. Weights: none.
title = 'Digits: from noisy labels to a submission'
custom_imports = dict(imports=['mmcomp.testing.digits_stage'])
folds = dict(fold=[0, 1])
linear = dict(_delete_=True, type='LogitAdjustedLinearHead', num_classes=10, in_channels=128)
pool = dict(train_dataloader=dict(dataset=dict(data_root='@data.root')))
defaults = dict(
    Pretrain=dict(options=pool), Train=dict(options=dict(train_cfg=dict(max_epochs=20), **pool)),
    Predict=dict(tta=True))
stages = dict(
    data=dict(type='Digits', noise=0.3, imbalance=10.0),
    # Pre-train a ViT on all images without labels.
    mae=dict(type='Pretrain', config='digits-mae.py', ann='@data.unlabelled',
             options=dict(train_cfg=dict(max_epochs=15))),
    # Where it starts: one Swin V2 on the labels as they came.
    noisy=dict(type='Train', config='digits-swin.py', ann='@data.train', options=dict(model=dict(head=linear))),
    noisy_test=dict(type='Predict', model='@noisy', folder='@data.test', tta=False),
    # Two more, each judging the half it has not seen, find the wrong labels.
    split=dict(type='Split', ann='@data.train', folds=2, fold='{fold}', matrix=folds),
    fold=dict(type='Train', config='digits-swin.py', ann='@split.train', matrix=folds,
              options=dict(train_cfg=dict(max_epochs=30))),
    fold_soup=dict(type='Soup', model='@fold', matrix=folds),
    held_out=dict(type='Predict', model='@fold_soup', ann='@split.val', image_root='@data.images', matrix=folds),
    clean=dict(type='Clean', ann='@data.train', tables='@held_out', action='relabel', max_fraction=0.3),
    # Train on the mended labels; average the last checkpoints; average views of each test image.
    swin=dict(type='Train', config='digits-swin.py', ann='@clean'),
    swin_test=dict(type='Predict', model='@swin', folder='@data.test', tta=False),
    swin_soup=dict(type='Soup', model='@swin'),
    swin_soup_test=dict(type='Predict', model='@swin_soup', folder='@data.test', tta=False),
    swin_views=dict(type='Predict', model='@swin_soup', folder='@data.test'),
    # Add the ViT, with the weight that the validation labels give it.
    vit=dict(type='Train', config='digits-vit.py', ann='@clean', options=dict(
        train_cfg=dict(max_epochs=30), model=dict(backbone=dict(init_cfg=dict(checkpoint='@mae.weights'))))),
    vit_soup=dict(type='Soup', model='@vit'),
    vit_views=dict(type='Predict', model='@vit_soup', folder='@data.test'),
    val=dict(type='Predict', model='@{member}_soup', ann='@data.val', image_root='@data.images',
             matrix=dict(member=['swin', 'vit'])),
    shares=dict(type='Weigh', tables='@val', ann='@data.val'),
    both=dict(type='Ensemble', tables=['@swin_views', '@vit_views'], shares='@shares'),
    # Label the test images that the two are sure of, and train again.
    pseudo=dict(type='PseudoLabel', table='@both', ann='@clean', keep=0.6, even=True),
    again=dict(type='Train', config='digits-swin.py', ann='@pseudo'),
    again_soup=dict(type='Soup', model='@again'),
    again_views=dict(type='Predict', model='@again_soup', folder='@data.test'),
    final=dict(type='Ensemble', tables=['@again_views', '@vit_views'], shares='@shares'),
    # The test set holds about as many of each digit.
    even=dict(type='Redistribute', table='@final', method='balanced'),
    submission=dict(type='Submit', predictions='@even', sample='@data.sample'),
    score=dict(type='Score', truth='@data.truth', classes='@data.classes', steps={
        'one Swin V2, cross entropy, labels as they came': '@noisy_test',
        'ArcFace, wrong labels mended': '@swin_test',
        'soup of 5 checkpoints': '@swin_soup_test',
        '5 views of each image': '@swin_views',
        'with the ViT': '@both',
        'trained again on pseudo labels': '@final',
        'labels re-distributed': '@even'}))
